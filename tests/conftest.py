"""Fixtures of several folders: weights trained on generated photos, once for all tests; the Hub.

The browser is here too, since a process may start Playwright only once.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import settings

from tests.support.browser import BROWSERS, chromium
from tests.support.folders import make_folder
from tests.support.hub.machine import Machine
from tests.support.hub.standin import Hub
from tests.support.photos import SIZE, write_photos

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.quick"]
Once = Callable[[str, Callable[[Path], object]], Path]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# How many examples Hypothesis makes up: with `--quick`, for `make test`, for `make test-all`.
for name, examples in (("few", 25), ("usual", 60), ("many", 400)):
    settings.register_profile(name, max_examples=examples, deadline=None, derandomize=True)
settings.load_profile("usual")


LONGEST = (
    "train/hub/test_second_machine.py",  # Trains what several files share.
    "train/test_killed_fit.py",
    "flowers/page/test_app.py",
    "flowers/page/test_shrink.py",
    "train/network/test_graph.py",
    "flowers/page/test_photos_tab.py",
    "static/test_page.py",
    "train/artifact/test_convert.py",
    "flowers/page/test_classify.py",
    "flowers/page/test_chosen_files.py",
    "train/network/test_devices.py",
    "flowers/page/test_opened.py",
    "flowers/page/requests/test_crowds.py",
    "flowers/page/test_access.py",
    "flowers/page/test_comparison_of_many.py",
    "static/test_offline.py",
    "static/test_opening.py",
    "train/test_resume.py",
    "flowers/page/test_filters.py",
    "flowers/page/test_two_models.py",
    "flowers/page/test_sent_photos.py",
    "flowers/page/requests/test_strangers.py",
    "train/predict/test_goes_on.py",
    "train/hub/test_space.py",
    "flowers/page/test_returning.py",
    "flowers/weights/test_mutations.py",
    "train/predict/test_predict.py",
    "static/test_samples.py",
    "train/hub/test_push.py",
    "train/hub/test_refused_push.py",
    "flowers/page/requests/test_leaving.py",
    "flowers/page/requests/test_proxies.py",
    "train/network/test_bfloat16.py",
    "train/test_fit.py",
)
"""Files by the time that they take: begun last, one of them would keep one process busy alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; a test stays where it is within its file."""
    here = Path(__file__).parent
    rank = {here / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish() -> None:
    """Leave graphs as they are: to make one quicker takes longer than the few steps of a test."""
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Makes a folder by its name; one process of the run does, and the others wait for it."""
    root = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        root = root.parent

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, ready = root / name, root / f"{name}.ready"
        with FileLock(root / f"{name}.lock"):
            if not ready.exists():
                make(folder)
                ready.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def generated_photos(once: Once) -> Path:
    """Three class folders of 30 photos."""
    return once("flowers", lambda folder: write_photos(folder, 30))


@pytest.fixture(scope="session")
def base_folder(once: Once, generated_photos: Path) -> Path:
    """What `python -m train pretrain` makes of the generated photos: a MobileNetV2 base."""

    def pretrain(out: Path) -> None:
        from train.__main__ import main

        arguments = ["pretrain", "--data", str(generated_photos), "--out", str(out)]
        arguments += ["--backbone", "mobilenetv2", "--image-size", str(SIZE)]
        assert main([*arguments, "--epochs", "3", "--batch-size", "8"]) == 0

    return once("base", pretrain)


@pytest.fixture(scope="session")
def fit_arguments(generated_photos: Path, base_folder: Path) -> list[str]:
    """The arguments of `fit` that `weights_folder` was made with, less `--out`."""
    arguments = ["--data", str(generated_photos), "--base", str(base_folder), "--epochs", "6"]
    arguments += ["--batch-size", "8", "--views", "2", "--image-size", str(SIZE), "--seeds", "2"]
    return [*arguments, "--examples", "3", "--examples-license", "CC0, generated"]


@pytest.fixture(scope="session")
def weights_folder(once: Once, fit_arguments: list[str]) -> Path:
    """What `python -m train fit` makes of the generated photos: MobileNetV2, both variants."""

    def fit(out: Path) -> None:
        from train.__main__ import main

        assert main(["fit", *fit_arguments, "--out", str(out)]) == 0

    return once("weights", fit)


@pytest.fixture(scope="session")
def hub_server() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.stop()


@pytest.fixture(scope="session")
def hub_machines(hub_server, tmp_path_factory) -> Iterator[list[Machine]]:
    machines = [Machine(hub_server.url, tmp_path_factory.mktemp("home")) for _ in range(2)]
    yield machines
    for machine in machines:
        machine.stop()


@pytest.fixture
def hub(hub_server) -> Hub:
    """An empty Hub on which all goes well."""
    hub_server.repos.clear()
    hub_server.objects.clear()
    hub_server.faults.clear()
    hub_server.seen.clear()
    return hub_server


@pytest.fixture
def machine(hub_machines, tmp_path) -> Machine:
    """A machine with an empty cache and a token that may write."""
    hub_machines[0].use(tmp_path / "home")
    hub_machines[0].log()
    return hub_machines[0]


@pytest.fixture
def other_machine(hub_machines, tmp_path) -> Machine:
    hub_machines[1].use(tmp_path / "other-home")
    hub_machines[1].log()
    return hub_machines[1]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A weights folder of two backbones."""
    return make_folder(tmp_path / "made", "mobilenetv2", "densenet121", keras=True)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A browser; tests that need one are skipped where there is none."""
    with chromium() as found:
        if found is None:
            pytest.skip(f"No browser is installed; install one of {', '.join(BROWSERS)}.")
        yield found
