"""Messages to askers that were let go do not end the queue."""

import gradio as gr

from flowers.page.limits import UNREAD
from flowers.page.requests.waiting import limit_queue


def test_the_oldest_unread_messages_are_let_go_and_no_session_is_missing() -> None:
    with gr.Blocks() as page:
        gr.Markdown("")
    limit_queue(page)
    queue = page._queue
    for number in range(UNREAD + 1):
        queue.pending_messages_per_session[f"s{number}"] = queue.pending_messages_per_session["new"]
        queue.pending_event_ids_session[f"s{number}"] = set()
    assert len(queue.pending_messages_per_session) == len(queue.pending_event_ids_session) == UNREAD
    assert "s0" not in queue.pending_messages_per_session
    queue.pending_messages_per_session["s0"].put_nowait("goes nowhere")
    assert "s0" not in queue.pending_messages_per_session
