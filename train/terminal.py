"""A terminal that shows any name, and a place for temporary files: asked for before all work."""

import sys
import tempfile

from flowers.errors import UserError


def show_any_name() -> None:
    """Show what the terminal has no letters for as escapes, where Python would stop."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Tests and notebooks put other objects there.
            stream.reconfigure(errors="backslashreplace")


def check_temporary_folder() -> None:
    """Raises `UserError` where no folder for temporary files can be written to."""
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise UserError(
            "There is no folder for temporary files that can be written to, or no room in it; "
            f"set TMPDIR to one. Received: {error.strerror}"
        ) from error
