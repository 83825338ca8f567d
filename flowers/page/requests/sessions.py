"""Askers that Gradio remembers for longer than anybody needs, and those unknown to it."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import gradio as gr

# Private: what Gradio keeps of its askers, with no way of its own to forget it.
from gradio.state_holder import SessionState
from starlette.types import Message, Send

from flowers.errors import RequestError
from flowers.page.requests.calls import API
from flowers.page.requests.waiting import queue_of

GONE = "There is no such call any more, or its answer was fetched; ask again."

_ANSWER = re.compile(rf"{API}/call/(?:v2/)?[^/]+/(?P<call>[^/]+)")


class Sessions:
    """The sessions of a page's askers."""

    def __init__(self, page: gr.Blocks) -> None:
        self._page = page
        self._calls: set[str] = set()
        """Calls whose sessions nobody needs once they are answered."""

    def noting(self, send: Send) -> Send:
        """`send` that remembers the call that it tells of."""

        async def noting(message: Message) -> None:
            body = message.get("body", b"")
            if found := re.search(rb'"event_id":\s*"(\w+)"', body):
                self._calls.add(found[1].decode())
            await send(message)

        return noting

    def forget_answered(self) -> None:
        """Gradio makes a session of every call and keeps it, of 0.2 MB, for when it comes again."""
        holder = getattr(self._page, "state_holder", None)
        waiting = queue_of(self._page).event_ids_to_events
        for call in [c for c in self._calls if c not in waiting]:
            self._calls.discard(call)
            if holder is not None:
                with holder.lock:
                    _forget(holder, call)

    def check_call(self, path: str) -> None:
        """Raises `RequestError` where an answer is fetched and no such call is known."""
        match = _ANSWER.fullmatch(path)
        if match is None:
            return
        queue, call = queue_of(self._page), match["call"]
        known = (
            call in queue.event_ids_to_events
            or call in queue.pending_messages_per_session
            or any(call in events for events in queue.pending_event_ids_session.values())
        )
        if not known:
            raise RequestError(GONE, 404)

    def lost(self, path: str, session: str | None) -> str | None:
        """What the page of a visitor unknown to this process is told, as an event.

        After a restart such pages fetch their messages; Gradio answers with an error in the log.
        """
        if path != f"{API}/queue/data" or session is None:
            return None
        if session in queue_of(self._page).pending_messages_per_session:
            return None
        message: dict[str, Any] = {
            "msg": "unexpected_error",
            "event_id": None,
            "message": "This page is no longer known here; load it again.",
            "session_not_found": True,
            "success": False,
        }
        return f"data: {json.dumps(message)}\n\n"


def keep_no_values() -> None:
    """Have Gradio not keep what each visitor sent and saw, which it does for links of its own."""
    SessionState._update_value_in_config = lambda *_: None


def forget_old(page: gr.Blocks, age: float) -> None:
    """Forget visits whose visitor has done nothing for `age` seconds."""
    holder = page.state_holder
    with holder.lock:
        for session, used in list(holder.time_last_used.items()):
            if datetime.now() - used > timedelta(seconds=age):
                _forget(holder, session)


def _forget(holder: Any, session: str) -> None:
    holder.session_data.pop(session, None)
    holder.time_last_used.pop(session, None)
