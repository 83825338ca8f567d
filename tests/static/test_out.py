"""Where `python -m static` writes: never over what is not a build of the page."""

from pathlib import Path

import pytest

from flowers.errors import BuildError
from static.__main__ import check_out, main


@pytest.mark.parametrize("name", ["docs", "docs/notes.md"])
def test_what_is_no_earlier_build_is_left_as_it_is(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "docs" / "notes.md"
    notes.parent.mkdir()
    notes.write_text("mine")
    out = tmp_path / name
    assert main(["--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        f"{out} is not an earlier build of the page, and would be deleted; give --out a new "
        "or an empty folder.\n"
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["docs", "notes.md"]
    assert notes.read_text() == "mine"


def test_a_new_or_empty_folder_is_taken_and_so_is_an_earlier_build(tmp_path: Path) -> None:
    check_out(tmp_path / "new" / "page")
    folder = tmp_path / "page"
    folder.mkdir()
    check_out(folder)
    (folder / "index.html").write_text("<html>")
    with pytest.raises(BuildError):
        check_out(folder)
    (folder / "sw.js").write_text("'use strict';")
    check_out(folder)
