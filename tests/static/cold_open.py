"""The page without a server in headless Chromium: `python -m tests.static.cold_open [--built DIR]`.

How long a cold open takes: to the answer kept with the page, to that of the fastest backbone to an
example, and to its answer to an own photo. And what memory the tab takes when all backbones that
were built into the page have read a photo. Files are local.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

from flowers.page.examples import own_photos
from static.__main__ import DEFAULT_OUT
from tests.static.conftest import VIEWPORT, WebServer
from tests.support.browser import READY, WAIT, chromium

ROUNDS = 5
SHOWN = "sunflower-1"
ONE = "?backbones=mobilenetv2"
FASTEST = f"{ONE}&example={SHOWN}"
ALL = f"?example={SHOWN}"
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
        photo = next(each.path for each in own_photos() if each.name == SHOWN)
        times = {
            name: [_seconds(browser, web.address + query, own) for _ in range(ROUNDS)]
            for name, query, own in (
                ("the answer kept with the page", "", None),
                ("the first answer to an example", FASTEST, None),
                ("the first answer to an own photo", ONE, photo),
            )
        }
        context = browser.new_context(viewport=VIEWPORT)
        page = context.new_page()
        with peak_of_tabs() as peak:
            page.goto(web.address + ALL)
            page.wait_for_selector(READY, timeout=5 * WAIT)
        read = page.locator("table.heat tbody tr").count()
    web.stop()
    for name, found in times.items():
        print(
            f"Cold open to {name}: {median(found):.1f} s "
            f"({min(found):.1f} to {max(found):.1f}), aim {SECONDS:.0f} s."
        )
    print(f"Tab with {read} models: {peak[0]:.0f} MB at the most, aim {MEGABYTES:.0f} MB.")
    slowest = max(map(median, times.values()))
    return 0 if slowest <= SECONDS and peak[0] <= MEGABYTES else 1


def _seconds(browser: Any, address: str, own: Path | None) -> float:
    """From the start to a whole answer, where nothing is cached yet."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address)
    if own:
        page.wait_for_selector("html[data-ready]")
        page.set_input_files("#photo-file", own)
    page.wait_for_selector(READY, timeout=WAIT)
    taken = time.perf_counter() - start
    context.close()
    return taken


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
