"""What visitors leave here goes in time: their uploads, and what is remembered of their visits."""

import logging
import threading
import time
from pathlib import Path

import gradio as gr

from flowers.page.limits import DELETE_UPLOADS
from flowers.page.requests.sessions import forget_old
from flowers.page.requests.storage import Storage

log = logging.getLogger(__name__)


def delete_in_time(page: gr.Blocks, storage: Storage) -> None:
    """From now on delete uploads and forget visits of a page that runs, when they are old.

    Gradio's own `delete_cache` walks through a set that grows meanwhile. An upload at that moment
    ends it for good, and nothing says so.
    """
    every, age = DELETE_UPLOADS

    def go_on() -> None:
        while page.is_running:
            try:
                # What Gradio keeps of a visit holds small copies of photos.
                forget_old(page, age)
                storage.delete_old(age, kept_files(page))
                _forget_deleted(page)
            except Exception:  # The next round may do better; without one nothing would go.
                log.exception("Old uploads could not be deleted")
            time.sleep(every)

    threading.Thread(target=go_on, daemon=True).start()


def kept_files(page: gr.Blocks) -> set[str]:
    """Files among the uploads that the page itself shows, such as examples."""
    return {  # Private: where Gradio notes them.
        file for block in page.blocks.values() for file in getattr(block, "keep_in_cache", ())
    }


def _forget_deleted(page: gr.Blocks) -> None:
    """Drop deleted files from what Gradio takes for uploaded ones."""
    for files in page.temp_file_sets:  # Private: of the page, and of each of its parts.
        for file in list(files):
            if not Path(file).exists():
                files.discard(file)
