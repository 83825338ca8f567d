"""Every photo is decoded once; whatever happens to the files, a photo never gets other pixels."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowers.errors import PhotoError
from flowers.photos import read_photo
from tests.support.photos import pattern, write_patterns
from train.data import cache as photocache
from train.data.cache import PhotoCache, perceptual_hash

SIZE = 32


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return sorted(write_patterns(tmp_path / "photos", {"rose": 6}).rglob("*.jpg"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are decoded from now on."""
    names: list[str] = []

    def counting(source: Path, size: int) -> np.ndarray:
        names.append(source.name)
        return read_photo(source, size)

    monkeypatch.setattr(photocache, "read_photo", counting)
    return names


def add(cache: PhotoCache, path: Path) -> str:
    ((_, added),) = cache.add_all([path])
    if isinstance(added, PhotoError):
        raise added
    return added


def assert_holds(cache: PhotoCache, files: list[Path]) -> None:
    hashes = [add(cache, file) for file in files]
    photos, rows = cache.rows(hashes)
    assert photos.dtype == np.uint8
    for file, row in zip(files, rows, strict=True):
        np.testing.assert_array_equal(photos[row], read_photo(file, SIZE))


def filled(folder: Path, files: list[Path]) -> PhotoCache:
    cache = PhotoCache(folder, SIZE)
    for file in files:
        add(cache, file)
    cache.flush()
    return cache


def index_of(folder: Path) -> Path:
    (path,) = folder.glob("*.json")
    return path


def rows_of(folder: Path) -> Path:
    (path,) = folder.glob("*.u8")
    return path


def test_pixels_are_those_of_read_photo(folder, files):
    assert_holds(PhotoCache(folder, SIZE), files)


def test_a_second_run_decodes_nothing(folder, files, decoded):
    filled(folder, files)
    assert len(decoded) == len(files)
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == []


def test_a_changed_photo_is_decoded_anew(folder, files, decoded):
    filled(folder, files)
    decoded.clear()
    pattern(99).save(files[2])
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == [files[2].name]


def test_a_moved_photo_is_known_by_its_contents(folder, files, decoded):
    filled(folder, files)
    decoded.clear()
    files[0] = files[0].rename(files[0].with_name("renamed.jpg"))
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == []


def test_sizes_do_not_mix(folder, files):
    filled(folder, files)
    other = PhotoCache(folder, 48)
    assert other.image(add(other, files[0])).size == (48, 48)
    assert_holds(PhotoCache(folder, SIZE), files)


def test_the_files_are_not_needed_once_they_are_in(folder, files):
    expected = [read_photo(file, SIZE) for file in files]
    cache = PhotoCache(folder, SIZE)
    hashes = [add(cache, file) for file in files]
    for file in files:
        file.unlink()
    photos, rows = cache.rows(hashes)
    np.testing.assert_array_equal(photos[rows], expected)
    np.testing.assert_array_equal(np.asarray(cache.image(hashes[3])), expected[3])


def test_perceptual_hashes_are_kept(folder, files):
    hashes = [add(filled(folder, files), file) for file in files]
    again = PhotoCache(folder, SIZE)
    kept = again.perceptual_hashes(hashes)
    assert kept.dtype == np.uint64
    assert kept.tolist() == [
        perceptual_hash(Image.fromarray(read_photo(file, SIZE))) for file in files
    ]
    assert len(set(kept.tolist())) == len(files)


def test_an_unreadable_file_is_named_every_time(folder, tmp_path):
    cache = PhotoCache(folder, SIZE)
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).touch()
        with pytest.raises(PhotoError, match=f"^{name} is not a photo"):
            add(cache, tmp_path / name)
    with pytest.raises(PhotoError, match=r"^gone\.jpg cannot be read: No such file or directory"):
        add(cache, tmp_path / "gone.jpg")
    assert cache.rows([])[0].shape == (0, SIZE, SIZE, 3)


# Processes that die


def test_killed_after_rows_and_before_the_index(folder, files, decoded):
    filled(folder, files[:3])
    unsaved = PhotoCache(folder, SIZE)
    for file in files[3:]:
        add(unsaved, file)
    del unsaved  # Dies without a flush: rows are there that no index knows.
    assert rows_of(folder).stat().st_size == len(files) * SIZE * SIZE * 3
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == [file.name for file in files[3:]]


@pytest.mark.parametrize("rest", [0, 1, 1000, SIZE * SIZE * 3 - 1])
def test_killed_within_a_row(folder, files, decoded, rest):
    filled(folder, files[:4])
    with rows_of(folder).open("r+b") as file:
        file.truncate(2 * SIZE * SIZE * 3 + rest)
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == [file.name for file in files[2:]]
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == []


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"text"', "{}", '{"a": 0}', '{"a": [0]}', '{"a": ["x", 1]}', "\ufffd"],
)
def test_a_damaged_index_heals(folder, files, decoded, text):
    filled(folder, files)
    index_of(folder).write_text(text, encoding="utf-8")
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert len(decoded) == len(files)
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == []


def test_an_index_that_is_not_text_heals(folder, files):
    filled(folder, files)
    index_of(folder).write_bytes(b"\xff\xfe\x00{")
    assert_holds(PhotoCache(folder, SIZE), files)


@pytest.mark.parametrize("row", [-1, 6, 10**12])
def test_an_entry_beyond_the_file_is_decoded_anew(folder, files, decoded, row):
    filled(folder, files)
    entries = json.loads(index_of(folder).read_text())
    first = next(iter(entries))
    entries[first][0] = row
    index_of(folder).write_text(json.dumps(entries))
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert len(decoded) == 1


def test_two_photos_in_one_row_are_not_believed(folder, files):
    filled(folder, files)
    entries = json.loads(index_of(folder).read_text())
    first, second, *_ = entries
    entries[first][0] = entries[second][0]
    index_of(folder).write_text(json.dumps(entries))
    assert_holds(PhotoCache(folder, SIZE), files)


@pytest.mark.parametrize("lost", ["*.json", "*.u8"])
def test_either_file_may_be_lost(folder, files, lost):
    filled(folder, files)
    next(folder.glob(lost)).unlink()
    assert_holds(PhotoCache(folder, SIZE), files)


# Full disks


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_says_so_at_once(folder, files):
    folder.mkdir()
    rows = folder / f"photos-{SIZE}-v{photocache.PIPELINE}.u8"
    rows.symlink_to("/dev/full")
    cache = PhotoCache(folder, SIZE)
    with pytest.raises(OSError, match="No space left on device"):
        add(cache, files[0])
    cache.flush()
    assert list(folder.glob("*.json")) == []
    rows.unlink()  # Space is free again.
    assert_holds(PhotoCache(folder, SIZE), files)


class NearlyFull:
    """A file on a disk with `left` bytes left."""

    def __init__(self, file, left: int) -> None:
        self.file, self.left = file, left

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def write(self, content) -> int:
        if not self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(bytes(content[: self.left]))
        self.left -= written
        return written


def test_a_disk_that_fills_up_within_a_row_loses_only_that_row(folder, files, decoded):
    cache = PhotoCache(folder, SIZE)
    cache._file = NearlyFull(cache._file, 3 * SIZE * SIZE * 3 + 100)
    for file in files[:3]:
        add(cache, file)
    with pytest.raises(OSError, match="No space left"):
        add(cache, files[3])
    cache.flush()
    assert len(json.loads(index_of(folder).read_text())) == 3
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == [file.name for file in files[3:]]


def test_a_full_disk_leaves_the_former_index(folder, files, decoded, monkeypatch):
    filled(folder, files[:3])
    before = index_of(folder).read_bytes()
    cache = PhotoCache(folder, SIZE)
    for file in files[3:]:
        add(cache, file)

    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space left"):
            cache.flush()
    assert index_of(folder).read_bytes() == before
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".u8"]
    cache.flush()  # The same process goes on when there is space again.
    decoded.clear()
    assert_holds(PhotoCache(folder, SIZE), files)
    assert decoded == []
