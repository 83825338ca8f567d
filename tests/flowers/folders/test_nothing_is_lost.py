"""Whatever lies in a folder or zip is a photo of a class, or counted among what is left aside."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flowers.folders.aside import Aside, Kind
from flowers.folders.find import Found, find_in_zip, find_on_disk
from flowers.folders.labels import dropped_labels, with_labels
from flowers.folders.layout import by_class
from flowers.folders.zips import PAGE, Zip
from tests.support.zips import write_zip

NAMES = (
    *("rose", "Rose", "rose ", "tulip", "Ga\u0308nse", "Gänse", "flowers", "2024", "images"),
    *("train", "test", "seg_train", "val", "__MACOSX", "@eaDir", ".cache", "thumbnails"),
)
FOLDERS = st.sampled_from(NAMES)
FILES = st.sampled_from(["1.jpg", "2.JPG", "x.HIF", "notes.txt", "._1.jpg", "IMG.CR2", "a.mov"])
PATHS = st.tuples(st.lists(FOLDERS, max_size=4), FILES).map(lambda p: "/".join([*p[0], p[1]]))
TREES = st.lists(PATHS, max_size=25, unique=True)
PHOTOS = st.lists(FOLDERS, max_size=4).map(lambda folders: "/".join([*folders, "photo"]))


class Named:
    """A photo that is never opened."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self) -> bytes:
        raise AssertionError(self.name)


def left_aside(aside: Aside) -> Counter[str]:
    """Names of files; of folders that are empty or whole left aside there are none here."""
    files = [names for kind, names in aside.names.items() if kind is not Kind.EMPTY]
    return Counter(name for names in files for name in names)


@given(names=st.lists(PHOTOS, max_size=30, unique=True))
def test_every_photo_has_one_class_or_one_reason(names: list[str]) -> None:
    for use in ("train", "test"):
        found = Found(Path("photos"), [Named(name) for name in names], [])
        photos = by_class(found, use)
        assert Counter(p.file.name for p in photos.photos) + left_aside(found.aside) == Counter(
            names
        )
        assert {photo.label for photo in photos.photos} <= set(photos.classes)
        if use == "train":
            assert len({name.casefold() for name in photos.classes}) == len(photos.classes)


@given(names=st.lists(PHOTOS, max_size=30, unique=True))
def test_every_photo_of_a_batch_stays_in_its_place(names: list[str]) -> None:
    classes = ["rose", "tulip", "Gänse"]
    named = with_labels([Named(name) for name in names], classes)
    assert [photo.file.name for photo in named] == names
    for photo in named:
        assert photo.label in [None, *classes]
        assert photo.label is None or photo.folder is None
    dropped = dropped_labels([photo.folder for photo in named], classes)
    assert sum(d.photos for d in dropped) == sum(photo.folder is not None for photo in named)


@given(names=TREES)
def test_a_folder_and_a_zip_of_it_hold_the_same_photos(tmp_path_factory, names: list[str]) -> None:
    where = tmp_path_factory.mktemp("tree")
    root = where / "photos"
    root.mkdir()
    content = b"\xff\xd8\xff"
    texts = (".txt", ".CR2", ".mov")
    members = {name: b"text" if name.endswith(texts) else content for name in names}
    for name, data in members.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    on_disk = find_on_disk(root)
    zipped = find_in_zip(Zip(write_zip(where / "photos.zip", members), PAGE))
    for found in (on_disk, zipped):
        photos = Counter(photo.name for photo in found.photos)
        assert photos + left_aside(found.aside) == Counter(names)
    assert {p.name for p in on_disk.photos} == {p.name for p in zipped.photos}
    assert left_aside(on_disk.aside) == left_aside(zipped.aside)
