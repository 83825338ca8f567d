"""The endpoints of the Hub stand-in: what each request does to the state in `hub_standin.py`."""

import base64
import hashlib
import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tests.support.hub.state import Blob, Commit, Fault, Repo, Seen, git_hash, is_lfs

if TYPE_CHECKING:
    from tests.support.hub.standin import Hub

TYPES = ("model", "space", "dataset")


class BrokenOffError(Exception):
    """The connection is to be dropped without a further word."""


class Handler(BaseHTTPRequestHandler):
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
                self.fault.meet.wait(20)
            if self.fault and self.fault.status:
                return self._error(self.fault.status, self.fault.message, self.fault.headers)
            with self.hub.lock:
                self._route(body)
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

    def _route(self, body: bytes) -> None:
        for method, pattern, name in ROUTES:
            match = re.fullmatch(pattern, self.path)
            if match and self.command in method:
                return getattr(self, name)(body, **match.groupdict())
        return self._error(404, f"no route {self.command} {self.path}")

    # Answers

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
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

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        content = json.dumps({"error": message}).encode()
        self._send(status, content, {"Content-Type": "application/json", **(headers or {})})

    def _token(self) -> str | None:
        value = self.headers.get("Authorization", "")
        return value.removeprefix("Bearer ") or None

    def _repo(self, kind: str, name: str, write: bool = False) -> Repo | None:
        """The repository, or None after answering why not."""
        token = self._token()
        known = self.hub.tokens | self.hub.readers
        if token and token not in known:
            self._error(401, "Invalid credentials in Authorization header")
            return None
        repo = self.hub.repos.get((kind, name))
        if repo is None or (repo.private and not token):
            missing = {"X-Error-Code": "RepoNotFound"}
            self._error(404 if token else 401, "Repository not found", missing)
            return None
        if write and token not in self.hub.tokens:
            self._error(403 if token else 401, "You need write access to this repository")
            return None
        return repo

    def _commit(self, kind: str, name: str, rev: str) -> tuple[Repo, Commit] | None:
        repo = self._repo(kind, name)
        if repo is None:
            return None
        commit = repo.find(rev)
        if commit is None:
            self._error(404, "Invalid rev id", {"X-Error-Code": "RevisionNotFound"})
            return None
        return repo, commit

    # Endpoints

    def create_repo(self, body: bytes) -> None:
        asked = json.loads(body)
        if self._token() not in self.hub.tokens:
            return self._error(401 if not self._token() else 403, "You may not create this")
        name, kind = f"{asked['organization']}/{asked['name']}", asked.get("type") or "model"
        if (kind, name) in self.hub.repos:
            return self._error(409, "You already created this repo")
        repo = self.hub.create(name, kind, asked.get("visibility") == "private")
        repo.variables = {v["key"]: v["value"] for v in asked.get("variables") or []}
        prefix = "" if kind == "model" else f"{kind}s/"
        return self._json({"url": f"{self.hub.url}/{prefix}{name}", "name": name})

    def auth_check(self, body: bytes, kind: str, name: str) -> None:
        if self._repo(kind, name, write=True) is not None:
            self._json({})

    def validate_yaml(self, body: bytes) -> None:
        text = json.loads(body)["content"]
        if not text.startswith("---\n"):
            return self._json({"errors": [{"message": "no front matter"}], "warnings": []}, 400)
        return self._json({"errors": [], "warnings": []})

    def info(self, body: bytes, kind: str, name: str, rev: str = "main") -> None:
        if found := self._commit(kind, name, rev):
            repo, commit = found
            self._json(
                {
                    "id": repo.id,
                    "sha": commit.oid,
                    "private": repo.private,
                    "siblings": [{"rfilename": path} for path in sorted(commit.files)],
                }
            )

    def tree(self, body: bytes, kind: str, name: str, rev: str) -> None:
        if found := self._commit(kind, name, rev):
            self._json([_tree_entry(path, b) for path, b in sorted(found[1].files.items())])

    def refs(self, body: bytes, kind: str, name: str) -> None:
        if repo := self._repo(kind, name):
            tags = [
                {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
                for tag, oid in repo.tags.items()
            ]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head.oid}
            self._json({"branches": [main], "converts": [], "tags": tags})

    def preupload(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self._repo(kind, name, write=True)
        if repo is None:
            return
        modes = []
        for asked in json.loads(body)["files"]:
            there = repo.head.files.get(asked["path"])
            modes.append(
                {
                    "path": asked["path"],
                    "uploadMode": "lfs" if is_lfs(asked["path"], asked["size"]) else "regular",
                    "shouldIgnore": False,
                    "oid": there.etag if there else None,
                }
            )
        self._json({"files": modes})

    def lfs_batch(self, body: bytes, name: str, space: str | None = None) -> None:
        if self._repo("space" if space else "model", name, write=True) is None:
            return
        objects = []
        for asked in json.loads(body)["objects"]:
            entry = {"oid": asked["oid"], "size": asked["size"]}
            if asked["oid"] not in self.hub.objects:
                upload = {"href": f"{self.hub.cdn}/objects/{asked['oid']}"}
                entry["actions"] = {
                    "upload": upload,
                    "verify": {"href": f"{self.hub.url}/verify"},
                }
            objects.append(entry)
        self._json({"transfer": "basic", "objects": objects})

    def put_object(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._error(400, "content does not match its oid")
        self.hub.objects[oid] = body
        return self._send(200, b"", {})

    def verify(self, body: bytes) -> None:
        asked = json.loads(body)
        size = len(self.hub.objects.get(asked["oid"], b""))
        if size != asked["size"]:
            return self._error(404, "object is missing")
        return self._json({})

    def commit(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self._repo(kind, name, write=True)
        if repo is None:
            return None
        files, title = dict(repo.head.files), ""
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                title = value["summary"]
                if value.get("parentCommit", repo.head.oid) != repo.head.oid:
                    return self._error(412, "A commit has happened since. Please refresh.")
            elif item["key"] == "file":
                files[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif item["key"] == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    return self._error(400, f"{value['path']} was never uploaded")
                files[value["path"]] = Blob(self.hub.objects[value["oid"]], True)
            elif item["key"] == "deletedFile":
                files.pop(value["path"], None)
            else:
                return self._error(400, f"unknown operation {item['key']}")
        oid = repo.commit(files, title).oid
        url = f"{self.hub.url}/{name}/commit/{oid}"
        return self._json({"success": True, "commitOid": oid, "commitUrl": url})

    def tag(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self._repo(kind, name, write=True)
        if repo is None:
            return None
        commit, tag = repo.find(rev), json.loads(body)["tag"]
        if commit is None:
            return self._error(404, "Invalid rev id", {"X-Error-Code": "RevisionNotFound"})
        if tag in repo.tags:
            return self._error(409, "Tag reference exists already")
        repo.tags[tag] = commit.oid
        return self._json({})

    def variables(self, body: bytes, name: str) -> None:
        repo = self._repo("space", name, write=True)
        if repo is None:
            return
        if body:
            asked = json.loads(body)
            if self.command == "DELETE":
                del repo.variables[asked["key"]]
            else:
                repo.variables[asked["key"]] = asked["value"]
        self._json({k: {"key": k, "value": v} for k, v in repo.variables.items()})

    def resolve(
        self, body: bytes, name: str, rev: str, file: str, prefix: str | None = None
    ) -> None:
        found = self._commit((prefix or "models/").removesuffix("s/"), name, rev)
        if found is None:
            return None
        commit = found[1]
        known = {"X-Repo-Commit": commit.oid}
        blob = commit.files.get(file)
        if blob is None:
            return self._error(404, "Entry not found", {**known, "X-Error-Code": "EntryNotFound"})
        if not blob.lfs:
            return self._send(200, blob.content, {**known, "ETag": f'"{blob.etag}"'})
        self.hub.objects.setdefault(blob.sha256, blob.content)
        linked = {
            "Location": f"{self.hub.cdn}/objects/{blob.sha256}",
            "X-Linked-Etag": f'"{blob.sha256}"',
            "X-Linked-Size": str(len(blob.content)),
        }
        return self._send(302, b"", {**known, **linked})

    def get_object(self, body: bytes, oid: str) -> None:
        content = self.hub.objects[oid]
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not start:
            return self._send(200, content, {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})
        rest = content[int(start[1]) :]
        span = f"bytes {start[1]}-{len(content) - 1}/{len(content)}"
        return self._send(206, rest, {"ETag": f'"{oid}"', "Content-Range": span})


def _tree_entry(path: str, blob: Blob) -> dict:
    entry = {"type": "file", "path": path, "size": len(blob.content)}
    entry["oid"] = git_hash(blob.content)
    if blob.lfs:
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.content), "pointerSize": 134}
    return entry


_API = rf"/api/(?P<kind>{'|'.join(TYPES)})s/(?P<name>[^/]+/[^/]+)"
ROUTES = [
    ("POST", r"/api/repos/create", "create_repo"),
    ("POST", r"/api/validate-yaml", "validate_yaml"),
    ("GET POST DELETE", r"/api/spaces/(?P<name>[^/]+/[^/]+)/variables", "variables"),
    ("GET", _API, "info"),
    ("GET", rf"{_API}/revision/(?P<rev>.+)", "info"),
    ("GET", rf"{_API}/tree/(?P<rev>[^/]+)", "tree"),
    ("GET", rf"{_API}/refs", "refs"),
    ("GET", rf"{_API}/auth-check/write", "auth_check"),
    ("POST", rf"{_API}/preupload/(?P<rev>[^/]+)", "preupload"),
    ("POST", rf"{_API}/commit/(?P<rev>[^/]+)", "commit"),
    ("POST", rf"{_API}/tag/(?P<rev>[^/]+)", "tag"),
    ("POST", r"/(?P<space>spaces/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", "lfs_batch"),
    ("POST", r"/verify", "verify"),
    ("PUT", r"/objects/(?P<oid>\w+)", "put_object"),
    ("GET", r"/objects/(?P<oid>\w+)", "get_object"),
    (
        "GET HEAD",
        r"/(?P<prefix>(?:space|dataset)s/)?(?P<name>[^/]+/[^/]+)/resolve/"
        r"(?P<rev>[^/]+)/(?P<file>.+)",
        "resolve",
    ),
]
