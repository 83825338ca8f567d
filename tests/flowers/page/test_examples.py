"""Which photos the page offers, and that they are credited."""

import json
from pathlib import Path

from PIL import ExifTags, Image, PngImagePlugin

from flowers.backbones import DEFAULT_CLASSES
from flowers.files import sha256_of
from flowers.models.consensus import NONE_OF_THESE
from flowers.page.about import licence_of
from flowers.page.examples import (
    PHOTOS_FOLDER,
    Example,
    credits_of,
    find_examples,
    own_photos,
    sample_batch,
)
from flowers.photos import load_photo
from flowers.weights.folder import EXAMPLES, MANIFEST
from flowers.weights.source import DEFAULT_FOLDER
from tests.support import ROOT
from tests.support.photos import pattern


def test_every_photo_is_readable_small_and_credited_in_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    photos = own_photos()
    assert {p.path for p in photos} == set(PHOTOS_FOLDER.glob("*/*.jpg"))
    for photo in photos:
        place = photo.path.relative_to(PHOTOS_FOLDER).as_posix()
        (entry,) = [part for part in notice.split("\n\n") if part.startswith(f"{place}\n")]
        author, licence = str(photo.credit).rsplit(", ", 1)
        assert licence in entry
        assert author in entry or "names no author" in entry
        assert str(photo.address) in entry
        assert max(load_photo(photo.path).size) <= 640
        assert photo.shows
    assert sum(p.path.stat().st_size for p in photos) < 1_000_000


def test_photos_that_no_training_saw_are_test_photos_of_the_starter_weights() -> None:
    manifest = json.loads((DEFAULT_FOLDER / MANIFEST).read_text(encoding="utf-8"))
    part_of = {row[4]: row[2] for row in manifest["photos"]}
    for photo in own_photos():
        part = part_of.get(sha256_of(photo.path))
        if photo.note == "never seen in training":
            assert part in (None, "test"), photo.path


def test_one_photo_per_class_is_offered_and_others_apart(tmp_path: Path) -> None:
    known, others = find_examples(tmp_path, DEFAULT_CLASSES)
    assert [e.label for e in known] == list(DEFAULT_CLASSES)
    assert [e.label for e in others] == [None] * 5
    known, others = find_examples(tmp_path, ["cat", "rose"])
    assert [(e.name, e.label) for e in known] == [("rose-1", "rose"), ("cat", "cat")]
    assert len(others) == 6 + 4
    assert "cat" not in {e.name for e in others}
    assert "NOTICE" in credits_of(known)


def test_photos_of_the_project_have_the_class_as_the_weights_spell_it(tmp_path: Path) -> None:
    classes = ["Tulip", "Rose ", "CAT"]
    known, others = find_examples(tmp_path, classes)
    assert {e.name: e.label for e in known} == {"tulip-1": "Tulip", "rose-1": "Rose ", "cat": "CAT"}
    assert len(others) == 5 + 4
    labels = {shot.name: shot.label for shot in sample_batch(classes).shots}
    assert {labels[f"rose/rose-{i}.jpg"] for i in range(1, 5)} == {"Rose "}
    assert labels["tulip/tulip-2.jpg"] == "Tulip"
    assert labels["none/cat.jpg"] == "CAT"
    assert labels["none/dahlia.jpg"] == labels["daisy/daisy-1.jpg"] == NONE_OF_THESE


def test_photos_of_the_weights_folder_come_instead_with_their_licence(tmp_path: Path) -> None:
    folder = tmp_path / EXAMPLES
    folder.mkdir()
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "CC0, Ada"
    for i in range(10):
        pattern(i).save(folder / f"rose-{i}.jpg", exif=exif)
    (folder / "notes.txt").write_text("no photo")
    (folder / "a.jpg").write_bytes(b"damaged")
    examples, _ = find_examples(tmp_path, DEFAULT_CLASSES)
    assert [example.name for example in examples] == [f"rose-{i}" for i in range(8)]
    assert examples[0].shows == "Rose 0"
    assert credits_of(examples) == "Example photos: CC0, Ada."
    pattern(0).save(folder / "plain.png")
    assert "model card" in credits_of([Example(folder / "plain.png", "Plain")])


def test_the_licence_is_that_of_the_model_card(tmp_path: Path) -> None:
    assert licence_of(tmp_path) is None
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n\n# Weights\n")
    assert licence_of(tmp_path) == "apache-2.0"
    (tmp_path / "README.md").write_text("# No front matter\n")
    assert licence_of(tmp_path) is None


def test_examples_are_found_by_what_they_hold_and_damage_costs_no_more_than_the_credit(
    tmp_path: Path,
) -> None:
    folder = tmp_path / EXAMPLES
    folder.mkdir()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "rose")
    pattern(0).save(folder / "damaged.png", pnginfo=info)
    content = (folder / "damaged.png").read_bytes()
    (folder / "damaged.png").write_bytes(content.replace(b"Comment\0rose", b"Comment\0nose"))
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "CC0"
    pattern(1).save(folder / "number.jpg", exif=exif)
    (folder / "no-ending").write_bytes((folder / "number.jpg").read_bytes())
    known, _ = find_examples(tmp_path, ["rose"])
    assert [(e.name, e.credit) for e in known] == [
        ("damaged", None),
        ("no-ending", "CC0"),
        ("number", "CC0"),
    ]
