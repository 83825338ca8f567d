"""Launches the app. A Hugging Face Space starts this file too."""

import sys

from flowers.ui import launch
from flowers.weights import WeightsError

if __name__ == "__main__":
    try:
        launch()
    except WeightsError as error:
        sys.exit(f"error: {error}")
