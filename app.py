"""Launches the app. A Hugging Face Space starts this file too."""

from flowers.ui import launch

if __name__ == "__main__":
    launch()
