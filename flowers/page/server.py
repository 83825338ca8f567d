"""Serves the page: the port, the folder of uploads, memory, and an end in good order."""

import ctypes
import os
import platform
import signal
import sys
import time
from types import FrameType

import gradio as gr
from starlette.middleware import Middleware

from flowers.errors import ServerError
from flowers.models.zoo import Zoo
from flowers.page import theme
from flowers.page.app import build
from flowers.page.html import script
from flowers.page.limits import MAX_UPLOAD, SESSIONS
from flowers.page.requests.caching import Caching
from flowers.page.requests.door import Door
from flowers.page.requests.head import OurHead
from flowers.page.requests.health import Health
from flowers.page.requests.proxies import without_proxies
from flowers.page.requests.retention import delete_in_time
from flowers.page.requests.storage import VARIABLE, Storage
from flowers.page.requests.waiting import let_calls_end, limit_queue
from flowers.weights.source import weights_from_environment

PORT = "GRADIO_SERVER_PORT"
HEAD_SCRIPTS = ("address", "charts", "drop", "shrink", "sort")
"""In `scripts/`; what several parts of the page use."""
GRACE = 8.0
"""Seconds that running calls have after a signal to stop; Docker waits ten."""


def serve() -> None:
    """Serve the page with the weights that the environment names, until a signal ends it.

    Raises `UserError`.
    """
    _give_memory_back()
    storage = Storage()
    # Read by Gradio for every component that is made, so it is set before.
    os.environ[VARIABLE] = str(storage.folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        zoo = Zoo(weights_from_environment())
        page = build(zoo)
        try:
            launch(page, zoo, storage)
            page.block_thread()
        except _StoppedError:
            _finish(page)
        finally:
            page.close(verbose=False)
    except _StoppedError:
        pass
    finally:
        storage.close()


def launch(page: gr.Blocks, zoo: Zoo, storage: Storage) -> None:
    """Start to serve the page and return. Raises `ServerError`."""
    limit_queue(page)
    door = Middleware(Door, page=page, storage=storage, health=Health(zoo, page))
    with without_proxies():
        try:
            page.launch(
                theme=theme.theme(),
                head="".join(f"<script>{script(name)}</script>" for name in HEAD_SCRIPTS),
                css_paths=[theme.CSS],
                max_file_size=MAX_UPLOAD,
                server_port=_asked_port(),
                state_session_capacity=SESSIONS,
                app_kwargs={"middleware": [door, Middleware(OurHead), Middleware(Caching)]},
                enable_monitoring=False,
                run_history=False,
                show_error=True,
                footer_links=["api", "settings"],
                prevent_thread_lock=True,
                quiet=True,  # Else Gradio advises to share the page through a server of its own.
            )
        except OSError as error:
            port = os.environ.get(PORT)
            raise ServerError(
                f"Port {port} cannot be used; stop what uses it, or set {PORT} to another."
                if port
                else f"No port can be used; set {PORT} to a free one. Received: {error}"
            ) from error
    print(f"The page is at {page.local_url}", flush=True)
    delete_in_time(page, storage)


class _StoppedError(BaseException):
    """A signal to stop came."""


def _stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)  # A second one does not wait.
    raise _StoppedError


def _finish(page: gr.Blocks) -> None:
    """Take no more calls, and let those that run come to their end."""
    let_calls_end(page, GRACE)
    time.sleep(0.2)  # For the last answer to be sent.


def _asked_port() -> int | None:
    """The port that was asked for. Without one Gradio takes the first that is free."""
    port = os.environ.get(PORT)
    if port is None:
        return None
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ServerError(f"{PORT} must be a number from 1 to 65535. Received: {port!r:.80}")
    return int(port)


def _give_memory_back() -> None:
    """Have glibc return what photos took: few arenas, and large blocks mapped on their own."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8
    for name, value in ((arena_max, 2), (mmap_threshold, 1 << 18), (trim_threshold, 1 << 18)):
        mallopt(name, value)
