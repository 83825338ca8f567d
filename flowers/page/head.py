"""What others are told of the page: its title, text and picture, in place of Gradio's own.

Gradio has no way to set them, so they are replaced in the HTML on its way out, which is compressed
then: Gradio compresses its scripts but not the page itself.
"""

import gzip
import re
from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TITLE = "Flowers: six backbones side by side"
PREVIEW_TEXT = (
    "Upload a photo of a flower: six ImageNet backbones, each trained two ways, say what it is and "
    "where they looked. Which one reads your photos best, and is the difference real?"
)

_TAGS = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', re.DOTALL)


def with_own_tags(page: str) -> str:
    """The page with this project's tags for previews instead of Gradio's."""
    tags = (
        f'<meta name="description" content="{escape(PREVIEW_TEXT)}">'
        f'<meta property="og:type" content="website">'
        f'<meta property="og:title" content="{escape(TITLE)}">'
        f'<meta property="og:description" content="{escape(PREVIEW_TEXT)}">'
    )
    return _TAGS.sub("", page).replace("</title>", f"</title>{tags}", 1)


class OurHead:
    """Middleware that gives the page its own tags, and compresses it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not the page itself as it is."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body)
            headers = MutableHeaders(raw=list(start["headers"]))
            html = headers.get("content-type", "").startswith("text/html")
            if html and "content-encoding" not in headers:
                page = with_own_tags(page.decode()).encode()
                if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                    page = gzip.compress(page, 6)
                    headers["content-encoding"] = "gzip"
                    headers.add_vary_header("Accept-Encoding")
                headers["content-length"] = str(len(page))
            await send({**start, "headers": headers.raw})
            await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, collect)
