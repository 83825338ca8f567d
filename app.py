"""Launches the app. A Hugging Face Space starts this file too."""

import sys

from flowers.errors import UserError
from flowers.page.requests.proxies import without_proxies

if __name__ == "__main__":
    with without_proxies():
        from flowers.page.server import serve
    try:
        serve()
    except UserError as error:
        sys.exit(f"error: {error}")
