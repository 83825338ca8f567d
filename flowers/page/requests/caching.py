"""What browsers may keep without asking again: files whose address changes with what is in them."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOR_A_YEAR = "public, max-age=31536000, immutable"
_NAMED_BY_CONTENT = re.compile(r"/assets/(.+/)?[^/]*-[\w-]{8,9}\.\w+")
"""Gradio's scripts, styles and fonts, as its bundler names them."""
_STYLES = "/theme.css"
"""Has a hash of itself behind it: `?v=`."""


class Caching:
    """Middleware that has browsers keep what can never be another file; Gradio says nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, with one header more where that holds."""

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["Cache-Control"] = FOR_A_YEAR
            await send(message)

        await self.app(scope, receive, send_kept if _never_changes(scope) else send)


def _never_changes(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    if scope["path"] == _STYLES:
        return scope["query_string"].startswith(b"v=")
    return _NAMED_BY_CONTENT.fullmatch(scope["path"]) is not None
