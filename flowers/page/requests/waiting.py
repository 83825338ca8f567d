"""Gradio's queue with limits: it says when it is full, and nobody's silence can stop it."""

import sys
import time
from asyncio import Queue as Messages
from typing import Any

import gradio as gr

# Private: Gradio tells a function neither its page nor its event in another way.
from gradio.context import LocalContext

# Private: what its queue keeps messages in.
from gradio.utils import LRUCache

from flowers.page.limits import MAX_WAITING, UNREAD


class Unread(LRUCache[str, Messages]):
    """Session -> messages it has not fetched yet, of the sessions that came last.

    Gradio's own raises `KeyError` for a session that was let go, and its queue ends with that; here
    a message to such a session goes nowhere.
    """

    def __init__(self, queue: Any, most: int) -> None:
        super().__init__(most)
        self._queue = queue

    def __setitem__(self, session: str, messages: Messages) -> None:
        if session not in self and len(self) >= self.max_size:
            oldest = next(iter(self))
            del self[oldest]
            self._queue.pending_event_ids_session.pop(oldest, None)
        super().__setitem__(session, messages)

    def __getitem__(self, session: str) -> Messages:
        if session not in self:
            return Messages()
        self.move_to_end(session)
        return super().__getitem__(session)


def limit_queue(page: gr.Blocks) -> None:
    """Give the page a queue of at most `MAX_WAITING` calls."""
    # Without `api_open=False` calls to /run would go past the queue, forty at a time.
    page.queue(default_concurrency_limit=4, max_size=MAX_WAITING, api_open=False)
    queue = queue_of(page)
    queue.pending_messages_per_session = Unread(queue, UNREAD)
    # Figures for a page of Gradio's that is switched off, worked out anew with every call.
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize


def waiting(page: gr.Blocks) -> int:
    """How many calls wait for their turn."""
    return len(queue_of(page))


def has_stopped(page: gr.Blocks) -> bool:
    """Whether the queue has ended, so that no call gets an answer any more."""
    return bool(queue_of(page).stopped)


def let_calls_end(page: gr.Blocks, seconds: float) -> None:
    """Take no more calls, and wait until those that run have ended, for `seconds` at most."""
    queue = queue_of(page)
    queue.max_size = 0
    deadline = time.monotonic() + seconds
    while queue.get_active_worker_count() and time.monotonic() < deadline:
        time.sleep(0.05)


def asker_has_gone() -> bool:
    """Whether nobody waits any more for what the calling event is working out."""
    page, event = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if page is None or event is None:
        return False
    found = queue_of(page).event_ids_to_events.get(event)
    return found is not None and not found.alive


def queue_of(page: gr.Blocks) -> Any:
    """Private: Gradio has no other way to how many calls wait or run, or who has gone."""
    return page._queue
