"""Photos of none of the classes: which are trained on, and which are held out."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from flowers.errors import DatasetError
from flowers.folders.find import find_on_disk
from flowers.folders.layout import read_folder
from tests.support.photos import SIZE, write_patterns
from train.data.background import (
    LOOSE,
    Background,
    BackgroundPart,
    BackgroundPhoto,
    scan_background,
    split_background,
)
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, scan_dataset
from train.data.sources import find_photos

KINDS = [f"kind {i}" for i in range(10)]


def test_a_tenth_of_the_kinds_and_of_the_other_photos_are_held_out() -> None:
    kinds = [kind for kind in KINDS for _ in range(10)] + [LOOSE] * 20
    parts = split_background(kinds, list(range(120)), seed=0)
    found = Counter(zip(kinds, parts, strict=True))
    (whole,) = [kind for kind in KINDS if found[kind, "new kind"]]
    assert found[whole, "new kind"] == 10
    for kind in {*KINDS} - {whole}:
        assert (found[kind, "train"], found[kind, "new photo"]) == (9, 1)
    assert (found[LOOSE, "train"], found[LOOSE, "new photo"]) == (18, 2)
    assert parts == split_background(kinds, list(range(120)), seed=0)
    assert parts != split_background(kinds, list(range(120)), seed=1)


def test_of_few_kinds_none_is_held_out_as_a_whole() -> None:
    kinds = [kind for kind in KINDS[:9] for _ in range(10)]
    assert set(split_background(kinds, list(range(90)), seed=0)) == {"train", "new photo"}


@pytest.mark.parametrize("seed", range(20))
def test_a_collection_of_many_kinds_is_never_held_out_as_a_whole(seed: int) -> None:
    kinds = [kind for kind in KINDS[:9] for _ in range(5)] + ["things"] * 100
    parts = split_background(kinds, list(range(145)), seed)
    assert "new kind" in parts
    assert ("things", "new kind") not in set(zip(kinds, parts, strict=True))


def test_near_duplicates_stay_in_one_part_and_never_bridge_to_a_kind_that_is_held_out() -> None:
    kinds = [kind for kind in KINDS for _ in range(10)]
    groups = [i // 2 for i in range(100)]
    parts = split_background(kinds, groups, seed=3)
    for group in set(groups):
        assert len({p for g, p in zip(groups, parts, strict=True) if g == group}) == 1
    (whole,) = {kind for kind, p in zip(kinds, parts, strict=True) if p == "new kind"}
    bridge = next(i for i, kind in enumerate(kinds) if kind != whole)
    groups[bridge] = groups[kinds.index(whole)]
    assert split_background(kinds, groups, seed=3)[bridge] == "new photo"


def test_what_a_base_was_pretrained_on_is_never_held_out() -> None:
    kinds = [kind for kind in KINDS for _ in range(10)]
    held = split_background(kinds, list(range(100)), seed=0)
    (whole,) = {kind for kind, part in zip(kinds, held, strict=True) if part == "new kind"}
    photo = held.index("new photo")
    seen = {kinds.index(whole), photo}
    parts = split_background(kinds, list(range(100)), seed=0, seen=seen)
    assert {parts[group] for group in seen} == {"train"}
    # All else stays as it was; of a kind of which one photo was seen, the others are not new.
    changed = {(was, now) for was, now in zip(held, parts, strict=True) if was != now}
    assert changed == {("new kind", "new photo"), ("new kind", "train"), ("new photo", "train")}
    trained_on = {group for group, part in enumerate(held) if part == "train"}
    assert split_background(kinds, list(range(100)), seed=0, seen=trained_on) == held
    assert set(split_background(kinds, list(range(100)), 0, range(100))) == {"train"}


def test_a_kind_with_many_held_out_photos_is_measured_on_its_own() -> None:
    def photos(kind: str, part: BackgroundPart, count: int) -> list[BackgroundPhoto]:
        return [BackgroundPhoto(f"{kind} {part} {i}", kind, part) for i in range(count)]

    tower, few = photos("tower", "new photo", 20), photos("rose", "new photo", 19)
    new, seen = photos("elephant", "new kind", 30), photos("tower", "train", 5)
    assert Background((*tower, *few, *new, *seen)).held_out() == {
        "kinds it never saw": new,
        "other photos of kinds it saw": few,
        "other photos of tower": tower,
    }
    assert Background(tuple(seen)).held_out() == {}


@pytest.fixture
def data(tmp_path: Path) -> tuple[Dataset, PhotoCache]:
    photos = write_patterns(tmp_path / "photos", {"daisy": 6, "rose": 6})
    cache = PhotoCache(tmp_path / "cache", SIZE)
    return scan_dataset(read_folder(photos), cache), cache


def test_subfolders_are_kinds_and_loose_photos_one_more(
    data: tuple[Dataset, PhotoCache], tmp_path: Path
) -> None:
    dataset, cache = data
    root = write_patterns(tmp_path / "unknown", {"thistle": 5, "tower": 5, "loose": 5}, 100)
    for file in (root / "loose").iterdir():
        file.rename(root / file.name)
    (root / "loose").rmdir()
    # A photo of a class, and a link to a folder elsewhere, as `ln -s` makes one.
    (root / "tower" / "daisy.jpg").write_bytes((dataset.root / dataset.photos[0].file).read_bytes())
    (root / "thistle").rename(tmp_path / "elsewhere")
    (root / "thistle").symlink_to(tmp_path / "elsewhere")
    background = scan_background(find_on_disk(root), cache, dataset)
    assert background.classes == [LOOSE, "thistle", "tower"]
    assert Counter(photo.kind for photo in background.photos) == {
        LOOSE: 5,
        "thistle": 5,
        "tower": 5,
    }
    assert not {p.sha256 for p in background.photos} & {p.sha256 for p in dataset.photos}
    train = background.part("train")
    assert [background.classes[i] for i in background.labels(train)] == [p.kind for p in train]
    assert Background.from_rows(background.rows()) == background


def test_a_zip_has_the_kinds_of_the_folder_that_was_packed(
    data: tuple[Dataset, PhotoCache], tmp_path: Path
) -> None:
    dataset, cache = data
    folder = write_patterns(tmp_path / "other", {"thistle": 4, "tower": 5}, 300)
    made = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, folder.name)
    packed = scan_background(find_photos(made, tmp_path / "cache"), cache, dataset)
    assert packed == scan_background(find_on_disk(folder), cache, dataset)
    assert packed.classes == ["thistle", "tower"]


def test_what_cannot_be_learned_from_is_one_sentence(
    data: tuple[Dataset, PhotoCache], tmp_path: Path
) -> None:
    dataset, cache = data
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no photo that can be read"):
        scan_background(find_on_disk(tmp_path / "empty"), cache, dataset)
    for name in ("rose", "Rose"):
        clash = write_patterns(tmp_path / f"clash with {name}", {name: 3, "thistle": 3})
        with pytest.raises(DatasetError, match=f"'{name}' is a class"):
            scan_background(find_on_disk(clash), cache, dataset)
