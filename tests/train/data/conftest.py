"""Photos to open from a folder, a zip or the Hub."""

from pathlib import Path

import pytest

from tests.support.photos import write_patterns
from tests.support.sources import COUNTS


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_patterns(tmp_path / "flowers", COUNTS)
