"""Receives uploads: no more than there is room for, and nothing of one that breaks off."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

# Private: where Gradio makes the temporary files of uploads.
from gradio import route_utils
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowers.errors import RequestError, StorageError, UserError
from flowers.page.limits import MAX_REQUEST, ROOM_STEP
from flowers.page.requests.storage import Storage

_parts: ContextVar[list[str] | None] = ContextVar("parts", default=None)
"""Temporary files of the upload that is being received."""


async def receive_files(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    storage: Storage,
    keep: Callable[[], Collection[str]],
) -> None:
    """Have Gradio store an upload; files in `keep` do not make room for it.

    Raises `RequestError` and `StorageError`.
    """
    announced = _announced(scope)
    _check_size(announced)
    # Looked at again as it comes: others may come too, and not all say how much it will be.
    await asyncio.to_thread(storage.make_room, max(announced, ROOM_STEP), keep)
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        before, received = received, received + len(message.get("body", b""))
        _check_size(received)
        if received // ROOM_STEP > before // ROOM_STEP:
            await asyncio.to_thread(storage.make_room, ROOM_STEP, keep)
        return message

    with _nothing_left():
        try:
            await app(scope, counting, send)
        except ClientDisconnect:
            pass  # Nobody is there to be told.
        except UserError:
            raise
        except OSError as error:
            raise StorageError(
                f"The upload could not be stored; try again later. Received: {error.strerror}"
            ) from error
        except (TypeError, KeyError, ValueError):
            raise RequestError(
                "That is not an upload of files; send them as `files`.", 400
            ) from None


def tell_temporary_files() -> None:
    """Have Gradio say which temporary files it makes: it leaves those of uploads that break off."""
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


@contextmanager
def _nothing_left() -> Iterator[None]:
    parts: list[str] = []
    token = _parts.set(parts)
    try:
        yield
    finally:
        _parts.reset(token)
        # Gradio has moved those of a whole upload.
        for part in parts:
            with suppress(OSError):
                Path(part).unlink()


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _check_size(size: int) -> None:
    if size > MAX_REQUEST:
        raise RequestError(
            f"{MAX_REQUEST // 1_000_000:,} MB can be uploaded at once; send fewer files.", 413
        )
