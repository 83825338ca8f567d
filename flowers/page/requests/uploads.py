"""Files that reach an endpoint: uploaded to Gradio, or within a `data:` address."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

# Private: where Gradio puts uploads, and whose page a call is of.
from gradio import utils
from gradio.context import LocalContext

from flowers.errors import UploadError
from flowers.files import write_bytes

SERVED = "/gradio_api/file="
"""In the address of an uploaded file."""


def uploaded(files: Iterable[Any]) -> list[Path]:
    """Where the files lie on this machine. Raises `UploadError`.

    Gradio makes sure that a file was uploaded only where the description has Gradio's own mark.
    Without it, the path could be that of any file here, so such descriptions are refused.
    """
    return [_path(file) for file in files]


def with_files(value: Any, kept: set[str]) -> Any:
    """The same JSON with files in place of photos within it, so that waiting calls are small.

    `kept` gets their paths. Raises `UploadError`.
    """
    if isinstance(value, list):
        return [with_files(item, kept) for item in value]
    text = value
    if isinstance(value, dict):
        text = value.get("url") if value.get("path") is None else None
    if isinstance(text, str) and text.startswith("data:"):
        path = str(_decoded(text))
        kept.add(path)
        return {"path": path, "meta": {"_type": "gradio.FileData"}}
    if isinstance(value, dict):
        return {name: with_files(item, kept) for name, item in value.items()}
    return value


def _path(file: Any) -> Path:
    if isinstance(file, dict):
        meta, path = file.get("meta"), file.get("path")
        marked = isinstance(meta, dict) and meta.get("_type") == "gradio.FileData"
        if marked and isinstance(path, str) and (found := _stored(path)):
            return found
        url = file.get("url")
        if path is None and isinstance(url, str) and url.startswith("data:"):
            return _decoded(url)
    elif isinstance(file, str):
        # What an MCP client got for a file that it uploaded. Nothing is fetched from elsewhere:
        # whoever may ask could make this machine ask others, for as much as they like to send.
        if re.match("https?://", file) and SERVED in file:
            path = unquote(re.split("[?#]", file.split(SERVED, 1)[1])[0])
            if found := _stored(path):
                return found
        if file.startswith("data:"):
            return _decoded(file)
    raise UploadError(
        f"That is not a file that was uploaded; upload one first. Received: {file!r:.80}"
    )


def within_uploads(path: str) -> Path | None:
    """The path in full, where it is that of an upload, be it there still or not; else None."""
    try:
        found, folder = Path(path).resolve(), Path(utils.get_upload_folder()).resolve()
        return found if found.is_relative_to(folder) else None
    except (ValueError, OSError):  # A null byte, for example.
        return None


def _stored(path: str) -> Path | None:
    found = within_uploads(path)
    try:
        return found if found and found.is_file() else None
    except OSError:  # A name longer than any.
        return None


def _decoded(text: str) -> Path:
    # Not by Gradio, where a file that somebody else sends too can be read half written.
    head, _, packed = text.partition(",")
    ending = mimetypes.guess_extension(mimetypes.guess_type(f"{head},")[0] or "") or ""
    try:
        content = base64.b64decode(packed)
        if not content:
            raise ValueError("nothing behind a comma")
        folder = Path(utils.get_upload_folder(), hashlib.sha256(content).hexdigest())
        path = folder / f"file{ending}"
        if not path.exists():
            write_bytes(path, content)
    except ValueError as error:
        raise UploadError(
            f"The data address cannot be decoded; upload the file. Received: {error}"
        ) from error
    except OSError as error:
        raise UploadError(
            f"The photo could not be stored; try again later. Received: {error.strerror}"
        ) from error
    # Gradio names the page that is being called nowhere else.
    if page := LocalContext.blocks.get(None):
        page.upload_file_set.add(str(path))  # Deleted in time, like all other uploads.
    return path


def inlined(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """A JSON schema with every `$ref` to its own `$defs` replaced by what it refers to.

    Gradio nests the schema of several files into that of an MCP tool, where such pointers lead
    nowhere and clients refuse the tool.
    """
    if isinstance(schema, list):
        return [inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if definitions is None:
        definitions = schema.get("$defs", {})
    if "$ref" in schema:
        return inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    return {key: inlined(value, definitions) for key, value in schema.items() if key != "$defs"}
