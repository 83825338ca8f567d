"""Which photos the page offers, and that they are credited."""

from pathlib import Path

from PIL import ExifTags, Image

from flowers.page.about import licence_of
from flowers.page.examples import FOLDER, Example, credits_of, find_examples
from flowers.photos import load_photo
from flowers.weights.folder import EXAMPLES
from tests.support import ROOT
from tests.support.photos import pattern


def test_the_projects_own_examples_are_readable_small_and_credited(tmp_path: Path) -> None:
    examples = find_examples(tmp_path)
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert 6 <= len(examples) <= 8
    for example in examples:
        assert example.path.parent == FOLDER
        assert example.path.name in notice
        assert example.path.stat().st_size < 150_000
        assert max(load_photo(example.path).size) <= 1024
    assert "NOTICE" in credits_of(examples)


def test_photos_of_the_weights_folder_come_instead_with_their_licence(tmp_path: Path) -> None:
    folder = tmp_path / EXAMPLES
    folder.mkdir()
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "CC0, Ada"
    for i in range(10):
        pattern(i).save(folder / f"rose-{i}.jpg", exif=exif)
    (folder / "notes.txt").write_text("no photo")
    (folder / "a.jpg").write_bytes(b"damaged")
    examples = find_examples(tmp_path)
    assert [example.name for example in examples] == [f"rose-{i}" for i in range(8)]
    assert examples[0].caption == "Rose 0"
    assert credits_of(examples) == "Example photos: CC0, Ada."
    pattern(0).save(folder / "plain.png")
    assert "model card" in credits_of([Example(folder / "plain.png")])


def test_the_licence_is_that_of_the_model_card(tmp_path: Path) -> None:
    assert licence_of(tmp_path) is None
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n\n# Weights\n")
    assert licence_of(tmp_path) == "apache-2.0"
    (tmp_path / "README.md").write_text("# No front matter\n")
    assert licence_of(tmp_path) is None
