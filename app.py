"""Launches the app. A Hugging Face Space starts this file too."""

import sys

from flowers.page.app import launch
from flowers.weights.folder import WeightsError

if __name__ == "__main__":
    try:
        launch()
    except WeightsError as error:
        sys.exit(f"error: {error}")
