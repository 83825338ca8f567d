"""The page itself is served without proxies; those of the environment are for the Hub."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_proxies() -> Iterator[None]:
    """Hide the proxies of the environment for a while.

    Gradio reads them when it is imported, where a SOCKS proxy it cannot use ends the import, and
    when it asks its own page whether it is there, which no proxy can tell.
    """
    names = [name for name in os.environ if name.lower().endswith("_proxy")]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)
