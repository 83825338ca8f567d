"""How the Hub stand-in takes requests and answers, and what goes wrong with them on demand."""

import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.support.hub.state import Commit, Fault, Repo, Seen

if TYPE_CHECKING:
    from tests.support.hub.standin import Hub


class BrokenOffError(Exception):
    """The connection is to be dropped without a further word."""


class Answering(BaseHTTPRequestHandler):
    """Takes requests and faults, and answers; what a request does is for `route` to find out."""

    protocol_version = "HTTP/1.1"
    hub: "Hub"
    fault: Fault | None

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        self.path = unquote(urlsplit(self.path).path)
        self._take_fault()
        self._answered = False
        try:
            if self.fault and self.fault.delay:
                time.sleep(self.fault.delay)
            body = self._body()
            if self.fault and self.fault.meet:
                self.fault.meet.wait(120)
            if self.fault and self.fault.status:
                return self.refuse(self.fault.status, self.fault.message, self.fault.headers)
            with self.hub.lock:
                self.route(body)
        except (BrokenOffError, BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        return None

    def _take_fault(self) -> None:
        with self.hub.lock:
            self.hub.seen.append(
                Seen(
                    self.command,
                    self.path,
                    self.headers.get("Host", ""),
                    "Authorization" in self.headers,
                    self.headers.get("Range"),
                )
            )
            self.fault = None
            for fault in self.hub.faults:
                if (
                    fault.times > 0
                    and fault.method == self.command
                    and re.search(fault.path, self.path)
                ):
                    fault.times -= 1
                    self.fault = fault
                    return

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        length = int(self.headers.get("Content-Length") or 0)
        if self.fault and self.fault.received is not None:
            self.rfile.read(min(self.fault.received, length))
            raise BrokenOffError
        return self.rfile.read(length)

    def route(self, body: bytes) -> None:
        """Answer the request, whose body this is."""
        raise NotImplementedError

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        fault = self.fault
        if fault and fault.after:
            raise BrokenOffError
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault and fault.replace:
            content = fault.replace(content)
        if fault and fault.sent is not None:
            self.wfile.write(content[: fault.sent])
            self.wfile.flush()
            raise BrokenOffError
        self.wfile.write(content)

    def answer_json(self, value: object, status: int = 200) -> None:
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        content = json.dumps({"error": message}).encode()
        self.answer(status, content, {"Content-Type": "application/json", **(headers or {})})

    def token(self) -> str | None:
        value = self.headers.get("Authorization", "")
        return value.removeprefix("Bearer ") or None

    def find_repo(self, kind: str, name: str, write: bool = False) -> Repo | None:
        """The repository, or None after answering why not."""
        token = self.token()
        known = self.hub.tokens | self.hub.readers
        if token and token not in known:
            self.refuse(401, "Invalid credentials in Authorization header")
            return None
        repo = self.hub.repos.get((kind, name))
        if repo is None or (repo.private and not token):
            missing = {"X-Error-Code": "RepoNotFound"}
            self.refuse(404 if token else 401, "Repository not found", missing)
            return None
        if write and token not in self.hub.tokens:
            self.refuse(403 if token else 401, "You need write access to this repository")
            return None
        return repo

    def find_commit(self, kind: str, name: str, rev: str) -> tuple[Repo, Commit] | None:
        repo = self.find_repo(kind, name)
        if repo is None:
            return None
        commit = repo.find(rev)
        if commit is None:
            self.refuse(404, "Invalid rev id", {"X-Error-Code": "RevisionNotFound"})
            return None
        return repo, commit
