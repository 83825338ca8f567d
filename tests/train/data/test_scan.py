"""A scan decodes a photo once, goes on where it was stopped, and is whole or not there."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from flowers.folders.layout import read_folder
from flowers.photos import read_photo
from tests.support.photos import pattern
from tests.support.sources import SIDE, scan
from train.data import cache as photocache
from train.data.cache import PhotoCache
from train.data.dataset import scan_dataset

# Decoding once


def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the photos that are decoded from now on, as they are."""
    names: list[str] = []

    def counting(source: Path, size: int) -> np.ndarray:
        names.append(source.name)
        return read_photo(source, size)

    monkeypatch.setattr(photocache, "read_photo", counting)
    return names


def test_a_second_run_decodes_only_what_changed(root, monkeypatch):
    scan(root)
    names = decoded(monkeypatch)
    before = scan(root, seed=5)
    assert names == []
    pattern(777).save(root / "daisy" / "007.jpg")
    after = scan(root, seed=5)
    assert names == ["007.jpg"]
    changed = [
        a.file for a, b in zip(before.photos, after.photos, strict=True) if a.sha256 != b.sha256
    ]
    assert changed == ["daisy/007.jpg"]


def test_a_stopped_scan_goes_on_where_it_was(root, monkeypatch):
    add_all = PhotoCache.add_all

    def stopped(self, files):
        for i, added in enumerate(add_all(self, files)):
            if i == 12:
                raise KeyboardInterrupt
            yield added

    with monkeypatch.context() as patched:
        patched.setattr(PhotoCache, "add_all", stopped)
        with pytest.raises(KeyboardInterrupt):
            scan(root)
    names = decoded(monkeypatch)
    assert len(scan(root).photos) == 50
    assert len(names) == 50 - 13  # Twelve were handed on, and the next was in the cache too.


def test_photos_may_vanish_during_and_after_the_scan(root, monkeypatch):
    victim = root / "rose" / "029.jpg"
    add_all = PhotoCache.add_all
    # With many processors the last photo would be read before it is deleted.
    monkeypatch.setattr(photocache.os, "cpu_count", lambda: 2)

    def deleting(self, files):
        for i, added in enumerate(add_all(self, files)):
            if i == 10:
                victim.unlink()
            yield added

    monkeypatch.setattr(PhotoCache, "add_all", deleting)
    cache = PhotoCache(root.parent / "cache", SIDE)
    data = scan_dataset(read_folder(root), cache)
    assert list(data.unreadable) == ["rose/029.jpg"]
    expected = {p.sha256: read_photo(root / p.file, SIDE) for p in data.photos}
    shutil.rmtree(root)
    photos, rows = cache.rows([photo.sha256 for photo in data.photos])
    for photo, row in zip(data.photos, rows, strict=True):
        np.testing.assert_array_equal(photos[row], expected[photo.sha256])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_the_scan(root):
    cache_folder = root.parent / "cache"
    cache_folder.mkdir()
    rows = cache_folder / f"photos-{SIDE}-v{photocache.PIPELINE}.u8"
    rows.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        scan(root)
    assert list(cache_folder.iterdir()) == [rows]
    rows.unlink()
    assert len(scan(root).photos) == 50


def test_the_manifest_is_whole_or_not_there(root, tmp_path, monkeypatch):
    data = scan(root)
    path = tmp_path / "out" / "manifest.json"
    data.save_manifest(path)
    before = path.read_bytes()

    def half(self: Path, text: str, **_: object) -> int:
        self.write_bytes(text.encode()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        scan(root, seed=9).save_manifest(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert json.loads(before)["seed"] == 0
