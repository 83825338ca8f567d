"""Launches the app. A Hugging Face Space starts this file too."""

import sys

from flowers.errors import UserError
from flowers.page.app import launch

if __name__ == "__main__":
    try:
        launch()
    except UserError as error:
        sys.exit(f"error: {error}")
