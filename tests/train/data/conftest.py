"""Class folders: to open from a folder, a zip or the Hub, and to split."""

from pathlib import Path

import pytest

from tests.support.photos import write_patterns
from tests.support.sources import COUNTS


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_patterns(tmp_path / "flowers", COUNTS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_patterns(tmp_path / "flowers", {"daisy": 20, "rose": 30})
