"""Photos to predict."""

from pathlib import Path

import pytest

from tests.support.photos import write_patterns


@pytest.fixture
def photos(tmp_path) -> Path:
    return write_patterns(tmp_path / "photos", {"daisy": 20, "rose": 17})
