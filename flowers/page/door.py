"""What is let in to Gradio, and in which words all else is turned away.

An ASGI middleware: it reads requests before Gradio does, and answers those that Gradio would answer
with a stranger's words, with what it should not do, or not at all.
"""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio import processing_utils, route_utils, utils
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from flowers.errors import RequestError, StorageError
from flowers.page.health import Health
from flowers.page.limits import MAX_JSON, MAX_REQUEST, MAX_WAITING
from flowers.page.storage import Storage
from flowers.page.waiting import waiting

API = "/gradio_api"
HEALTH = "/health"
ORIGINS = "FLOWERS_ORIGINS"
"""Origins, with commas between, whose pages may call this app from a browser."""
JOINS = re.compile(rf"{API}/(?:call/(?:v2/)?(?P<name>[^/]+)|queue/join)/?")
DIRECT = re.compile(rf"{API}/(?:run|api)/(?P<name>[^/]+)/?")
RELAYS = re.compile(rf"{API}/(?:proxy=|file[=/]\s*https?:)", re.IGNORECASE)
NO_ADDRESSES = "Nothing is fetched from addresses; upload the file."

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_parts: ContextVar[list[str] | None] = ContextVar("parts", default=None)
"""Temporary files of the upload that is being received."""


class Door:
    """Stands before the Gradio app of a page."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        page: gr.Blocks,
        storage: Storage,
        health: Health,
    ) -> None:
        self._app, self._page, self._storage, self._health = app, page, storage, health
        self._calls: set[str] = set()
        """Calls whose sessions nobody needs once they are answered."""
        listed = os.environ.get(ORIGINS, "").split(",")
        self._origins = {origin.strip().rstrip("/").lower() for origin in listed}
        _refuse_to_fetch()
        _tell_temporary_files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._let_in(scope, receive, send)
        except RequestError as error:
            await _answer(error.status, str(error), scope, receive, send)
        except StorageError as error:
            await _answer(507, str(error), scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == HEALTH and method in ("GET", "HEAD"):
            status, found = await asyncio.to_thread(self._health.report)
            await JSONResponse(found, status)(scope, receive, send)
            return
        if RELAYS.match(path):
            raise RequestError(NO_ADDRESSES, 403)
        if method != "POST" or not path.startswith(f"{API}/"):
            await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        self._check_origin(headers)
        if headers.get("content-type", "").startswith("multipart/"):
            await self._receive_files(headers, scope, receive, send)
            return
        if (join := JOINS.fullmatch(path)) or DIRECT.fullmatch(path):
            self._forget_answered()
            body = await _body(receive)
            content = _parse(body)
            self._check_call(path, content)
            if join:
                self._check_busy()
            await self._app(scope, _again(body, receive), self._noting(send, path))
            return
        body = await _body(receive)
        await self._app(scope, _again(body, receive), send)

    def _check_origin(self, headers: dict[str, str]) -> None:
        """Browsers say which site a request comes from; other sites may not act for a visitor."""
        origin = headers.get("origin", "").lower()
        # The browser's own word comes first: web servers in front may change the host.
        same = headers.get("sec-fetch-site") in ("same-origin", "none")
        if not origin or same or origin in self._origins:
            return
        hosts = {headers.get("host", "").lower(), headers.get("x-forwarded-host", "").lower()}
        if urlsplit(origin).netloc not in hosts - {""}:
            raise RequestError(
                f"This app takes no requests from pages of other sites; set {ORIGINS} to allow "
                f"one. Received: {origin:.80}",
                403,
            )

    def _check_call(self, path: str, content: dict[str, Any]) -> None:
        found = JOINS.fullmatch(path) or DIRECT.fullmatch(path)
        name = found["name"] if found else None
        functions = self._page.fns
        index = content.get("fn_index")
        if index is not None or name in (None, "predict"):
            if isinstance(index, bool) or not isinstance(index, int) or index not in functions:
                raise RequestError(f"There is no such event. Received: {index!r:.80}", 404)
        elif name not in (public := self._endpoints()):
            names = ", ".join(f"/{key}" for key in sorted(public))
            raise RequestError(
                f"There is no such endpoint; use {names}. Received: {name!r:.80}", 404
            )
        if path.startswith(f"{API}/call/v2/"):
            self._check_names(self._endpoints()[str(name)], content)
        else:
            data = content.get("data")
            if not isinstance(data, list):
                raise RequestError(
                    f'The request is to be {{"data": [...]}}. Received: {data!r:.80}', 400
                )
            if index is None:
                _check_number(self._endpoints()[str(name)], data)
        _check_files(content)

    def _endpoints(self) -> dict[str, Any]:
        return {
            str(function.api_name): function
            for function in self._page.fns.values()
            if function.api_visibility == "public"
        }

    def _check_names(self, function: Any, content: dict[str, Any]) -> None:
        names = _names_of(function)
        given = set(content) - {"oauth_token"}
        if given - set(names) or (names and names[0] not in given):
            raise RequestError(
                f"/{function.api_name} takes {', '.join(names) or 'nothing'}. "
                f"Received: {', '.join(sorted(given)) or 'nothing':.80}",
                400,
            )

    def _check_busy(self) -> None:
        before = waiting(self._page)
        if before >= MAX_WAITING:
            raise RequestError(
                f"The app is busy, with about {before} calls before yours; try again in a minute.",
                503,
            )

    def _noting(self, send: Send, path: str) -> Send:
        """`send` that remembers the calls it tells of."""
        if not path.startswith(f"{API}/call/"):
            return send

        async def noting(message: Message) -> None:
            body = message.get("body", b"")
            if found := re.search(rb'"event_id":\s*"(\w+)"', body):
                self._calls.add(found[1].decode())
            await send(message)

        return noting

    def _forget_answered(self) -> None:
        """Gradio makes a session of every call and keeps it, of 0.2 MB, for when it comes again."""
        holder = getattr(self._page, "state_holder", None)
        for call in [c for c in self._calls if c not in self._page._queue.event_ids_to_events]:
            self._calls.discard(call)
            if holder is not None:
                with holder.lock:
                    holder.session_data.pop(call, None)
                    holder.time_last_used.pop(call, None)

    async def _receive_files(
        self, headers: dict[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        length = headers.get("content-length", "")
        announced = int(length) if length.isascii() and length.isdigit() else 0
        too_much = RequestError(
            f"{MAX_REQUEST // 1_000_000:,} MB can be uploaded at once; send fewer files.", 413
        )
        if announced > MAX_REQUEST:
            raise too_much
        await asyncio.to_thread(self._storage.make_room, announced, self._kept)
        received = 0
        began = False

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_REQUEST:
                raise too_much
            return message

        async def noting(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        parts: list[str] = []
        token = _parts.set(parts)
        try:
            await self._app(scope, counting, noting)
        except ClientDisconnect:
            pass  # Nobody is there to be told.
        except OSError as error:
            if began:
                raise
            raise StorageError(
                f"The upload could not be stored; try again later. Received: {error.strerror}"
            ) from error
        except (TypeError, KeyError, ValueError, IsADirectoryError):
            if began:
                raise
            raise RequestError(
                "That is not an upload of files; send them as `files`.", 400
            ) from None
        finally:
            _parts.reset(token)
            # Gradio has moved those of a whole upload.
            for part in parts:
                with contextlib.suppress(OSError):
                    Path(part).unlink()

    def _kept(self) -> set[str]:
        return {
            file
            for block in self._page.blocks.values()
            for file in getattr(block, "keep_in_cache", ())
        }


async def _answer(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Retry-After": "60"} if status in (503, 507) else None
    # Gradio's page shows `error`, and what else speaks FastAPI shows `detail`.
    response = JSONResponse({"error": text, "detail": text}, status, headers)
    await response(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_JSON:
            raise RequestError(
                f"The request is larger than {MAX_JSON // 1_000_000} MB; upload the files and send "
                "their paths.",
                413,
            )
        if not message.get("more_body"):
            return bytes(body)


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


def _parse(body: bytes) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise RequestError(f"JSON has no such number. Received: {constant}", 400)

    try:
        content = json.loads(body, parse_constant=refuse)
    except RequestError:
        raise
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise RequestError("The request is not a JSON object; send {'data': [...]}.", 400)
    return content


def _names_of(function: Any) -> list[str]:
    return [block.label or "" for block in function.inputs if not block.skip_api]


def _check_number(function: Any, data: list[Any]) -> None:
    names = _names_of(function)
    if len(data) not in (len(names), len(function.inputs)):
        raise RequestError(
            f"/{function.api_name} takes {len(names)} values: {', '.join(names) or 'none'}, with "
            f"null for what is left out. Received: {len(data)}",
            400,
        )


def _check_files(content: Any) -> None:
    """Refuse what Gradio would open or fetch on behalf of a stranger."""
    folder = Path(utils.get_upload_folder()).resolve()
    for found in _objects(content):
        if "path" not in found or "meta" not in found:
            continue
        path, meta = found["path"], found["meta"]
        if isinstance(path, str) and re.match(r"\s*https?:", path, re.IGNORECASE):
            raise RequestError(f"{NO_ADDRESSES} Received: {path:.80}", 400)
        try:
            good = (
                isinstance(meta, dict)
                and isinstance(path, str)
                and Path(path).resolve().is_relative_to(folder)
            )
        except (ValueError, OSError):
            good = False
        if path is not None and not good:
            raise RequestError(
                f"That is not a file that was uploaded; upload one first. Received: {path!r:.80}",
                400,
            )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _refuse_to_fetch() -> None:
    """Whatever event, tool or component asks Gradio to fetch an address, it does not."""

    async def refuse(url: str, *more: Any) -> str:
        raise gr.Error(f"{NO_ADDRESSES} Received: {url:.80}", print_exception=False)

    processing_utils.async_ssrf_protected_download = refuse
    processing_utils.async_ssrf_protected_get = refuse


def _tell_temporary_files() -> None:
    """Gradio leaves the parts of an upload that breaks off; so they are written down."""
    make = route_utils.NamedTemporaryFile
    if getattr(make, "told", False):
        return

    def told(*arguments: Any, **options: Any) -> Any:
        file = make(*arguments, **options)
        if (parts := _parts.get()) is not None:
            parts.append(file.name)
        return file

    told.told = True  # type: ignore[attr-defined]
    route_utils.NamedTemporaryFile = told
