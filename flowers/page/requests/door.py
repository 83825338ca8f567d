"""What is let in to Gradio, and in which words all else is turned away.

An ASGI middleware: it reads requests before Gradio does, and answers those that Gradio would answer
with a stranger's words, with what it should not do, or not at all.
"""

import asyncio
import json
import logging
import os
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gradio as gr

# Private: what Gradio fetches addresses with.
from gradio import processing_utils
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowers.errors import RequestError, StorageError, UploadError
from flowers.page.limits import MAX_ARRIVING, MAX_CALL, MAX_JSON, MAX_QUERY, MAX_WAITING
from flowers.page.requests.calls import API, NO_ADDRESSES, Calls, is_call, parse, refused
from flowers.page.requests.health import Health
from flowers.page.requests.receiving import receive_files, tell_temporary_files
from flowers.page.requests.retention import kept_files
from flowers.page.requests.sessions import Sessions, keep_no_values
from flowers.page.requests.storage import Storage
from flowers.page.requests.uploads import with_files
from flowers.page.requests.waiting import waiting

log = logging.getLogger(__name__)

HEALTH = "/health"
ORIGINS = "FLOWERS_ORIGINS"
"""Origins, with commas between, whose pages may call this app from a browser."""
RELAYS = re.compile(rf"{API}/(?:proxy=|file[=/]\s*https?:)", re.IGNORECASE)
UPLOAD = re.compile(rf"{API}/upload/?")
SMALL_CALLS = re.compile(rf"{API}/(?:cancel|reset)/?")
"""What the page sends besides calls and uploads."""
TOOLS = re.compile(rf"{API}/mcp(?:/.*)?")
LONGEST_NAME = 255
"""Bytes of the name of a file or folder."""


class Door:
    """Stands before the Gradio app of a page."""

    def __init__(self, app: ASGIApp, page: gr.Blocks, storage: Storage, health: Health) -> None:
        self._app, self._page, self._storage, self._health = app, page, storage, health
        self._calls, self._sessions = Calls(page), Sessions(page)
        self._arriving = 0
        listed = os.environ.get(ORIGINS, "").split(",")
        self._origins = {origin.strip().rstrip("/").lower() for origin in listed}
        _refuse_to_fetch()
        tell_temporary_files()
        keep_no_values()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == HEALTH and scope["method"] in ("GET", "HEAD"):
            status, found = await asyncio.to_thread(self._health.report)
            await JSONResponse(found, status)(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            await self._let_in(scope, receive, reply)
            if reply.held is None:
                return
            status, text = _own_words(reply.held)
        except RequestError as error:
            status, text = error.status, str(error)
        except UploadError as error:
            status, text = 400, str(error)
        except StorageError as error:
            status, text = 507, str(error)
        except Exception as error:
            if reply.began:
                raise
            log.warning("%s %.200r failed: %r", scope["method"], scope["path"], error)
            status, text = _own_words(500)
        if not reply.began:
            await _answer(status, text, scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if "\0" in path or any(len(part.encode()) > LONGEST_NAME for part in path.split("/")):
            raise RequestError("There is nothing at this address.", 404)
        if len(scope["query_string"]) > MAX_QUERY:
            raise RequestError("The address is too long.", 414)
        if RELAYS.match(path):
            raise RequestError(NO_ADDRESSES, 403)
        if method == "GET":
            self._sessions.check_call(path)
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            if told := self._sessions.lost(path, query.get("session_hash", [None])[0]):
                await Response(told, media_type="text/event-stream")(scope, receive, send)
                return
        if method != "POST":
            await self._app(_with_one_range(scope), receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        self._check_origin(headers)
        if UPLOAD.fullmatch(path):
            await receive_files(self._app, scope, receive, send, self._storage, self._kept)
        elif is_call(path):
            self._sessions.forget_answered()
            body = await self._body(receive)
            content = parse(body)
            self._calls.check(path, content)
            self._check_busy()
            if b"data:" in body:
                body = await asyncio.to_thread(self._with_files, content, len(body))
            if len(body) > MAX_CALL:
                raise RequestError(
                    "The call holds too much; upload the files and send their paths.", 413
                )
            noting = self._sessions.noting(send) if path.startswith(f"{API}/call/") else send
            await self._app(_as_json(scope), _again(body, receive), noting)
        elif SMALL_CALLS.fullmatch(path):
            body = await self._body(receive)
            parse(body)
            await self._app(_as_json(scope), _again(body, receive), send)
        elif TOOLS.fullmatch(path):
            body = await self._body(receive)
            await self._app(scope, _again(body, receive), send)
        else:
            raise RequestError("Nothing can be sent to this address; see /gradio_api/info.", 404)

    def _check_origin(self, headers: dict[str, str]) -> None:
        """Browsers say which site a request comes from; other sites may not act for a visitor."""
        origin = headers.get("origin", "").lower()
        # The browser's own word comes first: web servers in front may change the host.
        same = headers.get("sec-fetch-site") in ("same-origin", "none")
        if not origin or same or origin in self._origins:
            return
        hosts = {headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower()}
        if _host_of(origin) not in hosts - {""}:
            raise RequestError(
                f"This app takes no requests from pages of other sites; set {ORIGINS} to allow "
                f"one. Received: {origin:.80}",
                403,
            )

    def _check_busy(self) -> None:
        before = waiting(self._page)
        if before >= MAX_WAITING:
            raise RequestError(
                f"The app is busy, with about {before} calls before yours; try again in a minute.",
                503,
            )

    async def _body(self, receive: Receive) -> bytes:
        """All that a request holds; few may arrive at a time. Raises `RequestError`."""
        body = bytearray()
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return bytes(body)
                part = message.get("body", b"")
                body += part
                self._arriving += len(part)
                if len(body) > MAX_JSON:
                    raise RequestError(
                        f"The request is larger than {MAX_JSON // 1_000_000} MB; upload the files "
                        "and send their paths.",
                        413,
                    )
                if self._arriving > MAX_ARRIVING:
                    raise RequestError(
                        "The app is busy with the requests of others; try again in a minute.", 503
                    )
                if not message.get("more_body"):
                    return bytes(body)
        finally:
            self._arriving -= len(body)

    def _with_files(self, content: dict[str, Any], size: int) -> bytes:
        self._storage.make_room(size, self._kept)
        # Private: the files that Gradio takes for uploaded ones.
        return json.dumps(with_files(content, self._page.upload_file_set)).encode()

    def _kept(self) -> set[str]:
        return kept_files(self._page)


class _Reply:
    """`send` that holds back what Gradio says of a request that it does not understand."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.began = False
        self.held: int | None = None
        """Status of an answer that was held back."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 422 or message["status"] >= 500:
                self.held = message["status"]
            else:
                self.began = True
        if self.held is None:
            await self._send(message)


def _own_words(status: int) -> tuple[int, str]:
    if status == 422:
        return 400, "The request is not one that this address can take; see /gradio_api/info."
    if status == 503:
        return status, "The app takes no calls now; try again in a minute."
    return status, "The app could not answer this request; it is noted in its log."


async def _answer(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Retry-After": "60"} if status in (503, 507) else None
    # Gradio's page shows `error`, and what else speaks FastAPI shows `detail`.
    response = JSONResponse({"error": text, "detail": text}, status, headers)
    await response(scope, receive, send)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that has been read, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_one_range(scope: Scope) -> Scope:
    """The request without several ranges of a file, which Gradio cannot give: it gives all then."""
    headers = [(k, v) for k, v in scope["headers"] if k.lower() != b"range" or b"," not in v]
    return {**scope, "headers": headers}


def _as_json(scope: Scope) -> Scope:
    """The request with the type that its body has, whatever its sender called it."""
    others = [(k, v) for k, v in scope["headers"] if k.lower() != b"content-type"]
    return {**scope, "headers": [*others, (b"content-type", b"application/json")]}


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _refuse_to_fetch() -> None:
    """Whatever event, tool or component asks Gradio to fetch an address, it does not."""

    async def refuse(url: str, *more: Any) -> str:
        raise refused(f"{NO_ADDRESSES} Received: {url:.80}")

    processing_utils.async_ssrf_protected_download = refuse
    processing_utils.async_ssrf_protected_get = refuse
