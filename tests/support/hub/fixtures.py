"""Fixtures for tests with a Hub: name this module in `pytest_plugins`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub.folder import make_folder
from tests.support.hub.machine import Machine
from tests.support.hub.standin import Hub


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
