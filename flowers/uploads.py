"""Files that reach an endpoint: uploaded to Gradio, or, from MCP clients, as URLs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradio import utils
from gradio.processing_utils import save_base64_to_cache, ssrf_protected_download


class UploadError(ValueError):
    """What was sent is no file. The message is one sentence for whoever sent it."""


def uploaded(files: Iterable[Any]) -> list[Path]:
    """Where the files lie on this machine. Raises `UploadError`.

    Gradio makes sure that a file was uploaded only where the description has Gradio's own mark.
    Without it, the path could be that of any file here, so such descriptions are refused.
    """
    return [_path(file) for file in files]


def _path(file: Any) -> Path:
    if isinstance(file, dict):
        meta, path = file.get("meta"), file.get("path")
        marked = isinstance(meta, dict) and meta.get("_type") == "gradio.FileData"
        if marked and isinstance(path, str):
            found = Path(path).resolve()
            if found.is_relative_to(Path(utils.get_upload_folder()).resolve()):
                return found
    elif isinstance(file, str) and file.startswith(("data:", "http://", "https://")):
        folder = str(utils.get_upload_folder())
        try:
            if file.startswith("data:"):
                return Path(save_base64_to_cache(file, folder))
            return Path(ssrf_protected_download(file, folder))  # Not from within this network.
        except Exception as error:  # Decoders and HTTP clients raise anything.
            raise UploadError(
                f"The file could not be fetched; send another address. Received: {error}"
            ) from error
    raise UploadError(
        f"That is no file; upload one, or give its http or https address. Received: {file!r:.80}"
    )


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
