"""What others are told of the page: its title, text and picture, in place of Gradio's own.

Gradio has no way to set them, so they are replaced in the HTML on its way out, which is compressed
then: Gradio compresses its scripts but not the page itself.
"""

import gzip
import os
import re
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowers.page.html import render
from flowers.page.words import TITLE

PREVIEW_TEXT = (
    "Upload a photo of a flower: six ImageNet backbones, each trained two ways, say what it is and "
    "where they looked. Which one reads your photos best, and is the difference real?"
)

PREVIEW_IMAGE = Path(__file__).parents[1] / "preview.png"
"""The page as it opens, 1200 x 630 pixels; see `tests/screenshots.py`."""
PREVIEW_PATH = "/preview.png"
TEXTS = tuple(
    name
    for name in ("README.md", "LICENSE", "NOTICE")
    if (Path(__file__).parents[3] / name).is_file()
)
"""What lies beside the code to be read; not all of it is deployed everywhere."""
SENT_FILES = {
    PREVIEW_PATH: (PREVIEW_IMAGE, "image/png"),
    **{f"/{name}": (Path(__file__).parents[3] / name, "text/plain") for name in TEXTS},
}
"""What is served beside the page: its path, the file and its MIME type."""
ROOT_PATH = "GRADIO_ROOT_PATH"
"""Where a proxy serves the page: a path, or a whole address."""

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_TAGS = re.compile(
    r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>|<title>.*?</title>', re.DOTALL
)


def address_of(scope: Scope) -> str | None:
    """The address of the page for whoever asked, without a slash at the end.

    Proxies say what they were asked for. None where that is not a host.
    """
    root = os.environ.get(ROOT_PATH, "").rstrip("/")
    if root.startswith(("http://", "https://")):
        return root
    headers = Headers(scope=scope)

    def first(name: str, otherwise: str) -> str:
        return headers.get(name, otherwise).partition(",")[0].strip()

    host = first("x-forwarded-host", headers.get("host", ""))
    scheme = first("x-forwarded-proto", scope["scheme"])
    if not _HOST.fullmatch(host) or scheme not in ("http", "https"):
        return None
    return f"{scheme}://{host}{root}"


def with_own_tags(page: str, address: str | None) -> str:
    """The page with this project's tags for previews instead of Gradio's.

    Previews take pictures from whole addresses alone; without an `address` there is none.
    """
    tags = render(
        "previews.html", title=TITLE, text=PREVIEW_TEXT, address=address, picture=PREVIEW_PATH
    )
    # Gradio's page has no title until its scripts run, which those who unfurl links do not do.
    return _TAGS.sub("", page).replace("<head>", f"<head>{tags}", 1)


class OurHead:
    """Middleware that gives the page its own tags and picture, and compresses it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not the page itself as it is."""
        if scope["type"] == "http" and scope["path"] in SENT_FILES:
            path, kind = SENT_FILES[scope["path"]]
            headers = {"Cache-Control": "public, max-age=86400"}
            await FileResponse(path, headers=headers, media_type=kind)(scope, receive, send)
            return
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
                page = with_own_tags(page.decode(), address_of(scope)).encode()
                if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                    page = gzip.compress(page, 6)
                    headers["content-encoding"] = "gzip"
                    headers.add_vary_header("Accept-Encoding")
                headers["content-length"] = str(len(page))
            await send({**start, "headers": headers.raw})
            await send({"type": "http.response.body", "body": page})

        await self.app(scope, receive, collect)
