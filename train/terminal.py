"""A terminal that shows any name."""

import sys


def show_any_name() -> None:
    """Show what the terminal has no letters for as escapes, where Python would stop."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Tests and notebooks put other objects there.
            stream.reconfigure(errors="backslashreplace")
