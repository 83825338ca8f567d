"""A repository of weights on the Hub, for the tests of what is deployed with it."""

import pytest

from tests.support.folders import files_of, make_folder
from tests.support.hub.space import REPO


@pytest.fixture
def commit(hub, tmp_path) -> str:
    files = files_of(make_folder(tmp_path / "made", "mobilenetv2", "vgg16", keras=True))
    files |= {"examples/rose.jpg": b"jpeg", "evil.pkl": b"pickle"}
    return hub.put(REPO, files).oid
