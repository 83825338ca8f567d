"""The page without a server in headless Chromium: `python -m tests.static.cold_open [--built DIR]`.

How long a cold open takes to the answer of the fastest backbone, and what memory the tab takes when
all backbones that were built into the page have read a photo. Files are local.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread

from static.__main__ import DEFAULT_OUT
from tests.static.conftest import VIEWPORT, WebServer
from tests.support.browser import READY, WAIT, chromium

ROUNDS = 5
FASTEST = "?backbones=mobilenetv2&example=sunflower-1"
ALL = "?example=sunflower-1"
SECONDS, MEGABYTES = 2.0, 1000.0
"""The aims."""


def main() -> int:
    """Run the program; returns its exit code: 1 where an aim is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--built", type=Path, default=DEFAULT_OUT, help="what `make static` wrote")
    built = parser.parse_args().built
    web = WebServer(built)
    with chromium() as browser:
        if browser is None:
            print("Install Chromium to measure with it.", file=sys.stderr)
            return 1
        opened = []
        for _ in range(ROUNDS):
            context = browser.new_context(viewport=VIEWPORT)  # Nothing is cached yet.
            page = context.new_page()
            start = time.perf_counter()
            page.goto(web.address + FASTEST)
            page.wait_for_selector(READY, timeout=WAIT)
            opened.append(time.perf_counter() - start)
            context.close()
        context = browser.new_context(viewport=VIEWPORT)
        page = context.new_page()
        with peak_of_tabs() as peak:
            page.goto(web.address + ALL)
            page.wait_for_selector(READY, timeout=5 * WAIT)
        read = page.locator("table.heat tbody tr").count()
    web.stop()
    print(
        f"Cold open to the first answer: {median(opened):.1f} s "
        f"({min(opened):.1f} to {max(opened):.1f}), aim {SECONDS:.0f} s. "
        f"Tab with {read} models: {peak[0]:.0f} MB at the most, aim {MEGABYTES:.0f} MB."
    )
    return 0 if median(opened) <= SECONDS and peak[0] <= MEGABYTES else 1


@contextmanager
def peak_of_tabs() -> Iterator[list[float]]:
    """The most memory that the largest of Chromium's tabs takes meanwhile, in MB, with workers."""
    peak, over = [0.0], Event()

    def watch() -> None:
        while not over.wait(0.1):
            peak[0] = max(peak[0], *map(_memory, _tabs()), 0.0)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    yield peak
    over.set()
    thread.join()


def _tabs() -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes()
        except OSError:  # It has ended.
            continue
        if b"chromium" in arguments and b"--type=renderer" in arguments:
            found.append(process)
    return found


def _memory(process: Path) -> float:
    """Proportional set size in MB."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main())
