"""The list of the longest test files names files that are there."""

from pathlib import Path

from tests.conftest import LONGEST


def test_every_file_that_is_begun_first_is_there() -> None:
    missing = [name for name in LONGEST if not (Path(__file__).parent / name).is_file()]
    assert missing == []
