"""Only files that were uploaded are opened; schemas are whole."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from flowers.errors import UploadError
from flowers.page.requests.uploads import inlined, uploaded


@pytest.mark.parametrize("file", [{"path": "/etc/passwd"}, "/etc/passwd", {"path": 3}, None, 7])
def test_only_files_that_gradio_vouches_for_are_opened(file: object) -> None:
    with pytest.raises(UploadError, match="That is not a file"):
        uploaded([file])


def test_addresses_of_uploads_are_taken_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    photo = tmp_path / "a" / "my rose.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"photo")
    assert uploaded([f"http://h:7860/gradio_api/file={quote(str(photo))}"]) == [photo]
    (decoded,) = uploaded(["data:image/png;base64,aGVsbG8="])
    assert decoded.read_bytes() == b"hello"
    assert decoded.is_relative_to(tmp_path)
    for address in (
        "https://example.com/rose.jpg",
        "http://127.0.0.1/gradio_api/file=/etc/passwd",
        f"http://h/gradio_api/file={tmp_path}/../{__file__}",
        "data:image/png",
        "data:image/png;base64,",
        "data:image/png;base64,aGVsbG8",
        "http://[gradio_api/file=x",
    ):
        with pytest.raises(UploadError, match=r"not a file that was uploaded|cannot be decoded"):
            uploaded([address])


def test_a_photo_that_several_send_at_once_is_whole_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    content = bytes(5_000_000)
    address = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    with ThreadPoolExecutor(8) as pool:
        sizes = pool.map(lambda _: uploaded([address])[0].stat().st_size, range(24))
        assert set(sizes) == {len(content)}


def test_a_schema_without_pointers() -> None:
    schema = {
        "$defs": {"A": {"properties": {"b": {"$ref": "#/$defs/B"}}}, "B": {"const": 1}},
        "items": {"$ref": "#/$defs/A"},
    }
    assert inlined(schema) == {"items": {"properties": {"b": {"const": 1}}}}
