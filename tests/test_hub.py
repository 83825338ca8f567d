"""Weights from a folder and from the Hub, with the real client over HTTP."""

import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flowers.hub import LocalWeights, weights_from_environment
from flowers.weights import WeightsError
from tests.hub_folder import files_of, make_folder
from tests.hub_machine import Machine
from tests.hub_standin import Hub

REPO = "somebody/flowers"


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def process(server, tmp_path_factory) -> Iterator[Machine]:
    machine = Machine(server.url, tmp_path_factory.mktemp("home"))
    yield machine
    machine.stop()


@pytest.fixture
def hub(server) -> Hub:
    server.repos.clear()
    server.objects.clear()
    server.faults.clear()
    server.seen.clear()
    return server


@pytest.fixture
def machine(process, tmp_path) -> Machine:
    process.use(tmp_path / "home")
    process.log()
    return process


@pytest.fixture
def folder(tmp_path) -> Path:
    return make_folder(tmp_path / "made", "mobilenetv2", "densenet121", keras=True)


@pytest.fixture
def commit(hub, folder) -> str:
    """The hash of a repository that holds `folder` and things that no one should fetch."""
    strange = {"evil.pkl": b"pickle", "mobilenetv2/model.pkl": b"pickle", "notes.txt": b"notes"}
    return hub.put(REPO, {**files_of(folder), **strange}).oid


@dataclass
class Pulled:
    """What a machine had after pulling."""

    origin: str
    commit: str | None
    notice: str | None
    reasons: dict[str, str | None]
    files: dict[str, bytes]
    progress: list[tuple[float, str]]
    errors: dict[str, str] = field(default_factory=dict)


def pull(revision: str | None = None, fetch: list[str] | None = None, **environment: str) -> Pulled:
    """Runs on the machine: what the app does with FLOWERS_REPO set."""
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = environment.get("HF_HUB_OFFLINE") == "1"
    settings = {"FLOWERS_REPO": REPO, "FLOWERS_REVISION": revision or "", **environment}
    os.environ.update(settings)
    try:
        weights = weights_from_environment()
    finally:
        for name in settings:
            del os.environ[name]
    progress: list[tuple[float, str]] = []
    errors: dict[str, str] = {}
    for backbone in fetch or []:
        try:
            weights.fetch(backbone, lambda share, text: progress.append((share, text)))
        except WeightsError as error:
            errors[backbone] = str(error)
    assert weights.published() is not None
    reasons = {key: entry.reason for key, entry in weights.entries().items()}
    files = files_of(weights.root)
    return Pulled(weights.origin, weights.commit, weights.notice, reasons, files, progress, errors)


def available(pulled: Pulled) -> list[str]:
    return [key for key, reason in pulled.reasons.items() if reason is None]


# A folder


def test_a_folder_offers_what_is_in_it(folder):
    weights = LocalWeights(folder)
    entries = weights.entries()
    assert [key for key, entry in entries.items() if entry.available] == [
        "densenet121",
        "mobilenetv2",
    ]
    assert "train fit --backbones vgg16" in entries["vgg16"].reason
    assert entries["mobilenetv2"].metrics.variants["transfer"].accuracy == 0.85
    assert weights.fetch("mobilenetv2") == folder / "mobilenetv2"
    assert (weights.origin, weights.commit, weights.notice) == ("the folder made/", None, None)


def test_a_changed_artifact_disables_its_backbone_alone(folder, caplog):
    path = folder / "mobilenetv2" / "model.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    weights = LocalWeights(folder)
    with pytest.raises(WeightsError, match=r"not the file its config\.json names"):
        weights.fetch("mobilenetv2")
    entries = weights.entries()
    assert "not the file" in entries["mobilenetv2"].reason
    assert "not the file" in caplog.text
    assert entries["densenet121"].available


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(WeightsError, match="is no weights folder; set FLOWERS_WEIGHTS"):
        LocalWeights(tmp_path / "none")


# The Hub


def test_pull_gives_the_same_bytes_and_nothing_else(hub, machine, folder, commit):
    pulled = machine.run(pull, fetch=["mobilenetv2", "densenet121"])
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    made = files_of(folder)
    assert pulled.files == {
        name: content for name, content in made.items() if not name.endswith(".h5")
    }
    assert pulled.commit == commit
    assert pulled.origin == f"the Hub repository {REPO} (main, {commit})"
    assert pulled.notice is None
    assert not [s.path for s in hub.seen if "pkl" in s.path or "notes" in s.path]
    assert len(hub.paths("GET", "/objects/")) == 2  # No .h5, no pickle: those are objects too.
    assert f"{REPO} has no weights of VGG16" in pulled.reasons["vgg16"]


def test_example_photos_come_along(hub, machine, folder):
    photos = {"examples/rose.jpg": b"a rose", "examples/evil.py": b"code"}
    hub.put(REPO, {**files_of(folder), **photos})
    pulled = machine.run(pull)
    assert pulled.files["examples/rose.jpg"] == b"a rose"
    assert "examples/evil.py" not in pulled.files


def test_an_artifact_comes_when_it_is_first_chosen(hub, machine, commit):
    pulled = machine.run(pull)
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    assert not [name for name in pulled.files if name.endswith(".tflite")]
    assert not hub.paths("GET", "/objects/")
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert len(hub.paths("GET", "/objects/")) == 1
    shares = [share for share, _ in pulled.progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert pulled.progress[-1][1] == "Downloading MobileNetV2, 0.3 of 0.3 MB"
    assert machine.run(pull, fetch=["mobilenetv2"]).progress == []


def test_tag_branch_and_hash(hub, machine, folder, commit):
    hub.repo(REPO).tags["v1"] = commit
    changed = files_of(make_folder(folder.parent / "newer", "mobilenetv2", seed=1))
    newer = hub.put(REPO, changed).oid
    by_tag = machine.run(pull, "v1", ["mobilenetv2"])
    by_hash = machine.run(pull, commit, ["mobilenetv2"])
    latest = machine.run(pull, "main", ["mobilenetv2"])
    assert by_tag.commit == by_hash.commit == commit
    assert by_tag.origin == f"the Hub repository {REPO} (v1, {commit})"
    assert by_hash.origin == f"the Hub repository {REPO} ({commit})"
    assert by_tag.files == by_hash.files
    assert latest.commit == newer
    assert latest.files["mobilenetv2/model.tflite"] == changed["mobilenetv2/model.tflite"]
    hub.seen.clear()
    assert machine.run(pull, commit, ["mobilenetv2"]).commit == commit
    assert not hub.seen  # A hash that is cached needs no Hub.


def test_a_revision_that_is_not_there(hub, machine, folder, commit):
    pulled = machine.run(pull, "v9", FLOWERS_WEIGHTS=str(folder))
    assert pulled.origin == "the folder made/"
    assert pulled.notice == (
        f"{REPO} has no such tag, branch or commit; choose another. Received: v9 "
        f"The folder made/ serves instead."
    )


def test_without_a_network_the_cache_serves(hub, machine, commit):
    machine.run(pull, fetch=["mobilenetv2"])
    with hub.down():
        pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert pulled.commit == commit
    assert available(pulled) == ["mobilenetv2"]
    assert "was not fetched while the Hub could be reached" in pulled.reasons["densenet121"]
    assert "cannot be reached" in pulled.notice
    assert pulled.notice.endswith("The cached copy serves instead.")
    assert pulled.origin.endswith(", from the cache of this machine")
    offline = machine.run(pull, fetch=["mobilenetv2"], HF_HUB_OFFLINE="1")
    assert offline.files == pulled.files
    assert "HF_HUB_OFFLINE" in offline.notice


def test_without_network_and_cache_the_folder_serves(hub, machine, folder):
    with hub.down():
        pulled = machine.run(pull, fetch=["mobilenetv2"], FLOWERS_WEIGHTS=str(folder))
    assert pulled.origin == "the folder made/"
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    assert "cannot be reached" in pulled.notice
    assert pulled.notice.endswith("The folder made/ serves instead.")


def test_without_anything_there_is_one_sentence(hub, machine, tmp_path):
    with hub.down(), pytest.raises(WeightsError, match="cannot be reached for somebody/flowers"):
        machine.run(pull, FLOWERS_WEIGHTS=str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "wants a valid token"),
        (403, "Your token may not do this"),
        (404, "has no such thing"),
        (429, "has had too many requests; try somebody/flowers again in 600 seconds"),
        (500, "is out of order"),
    ],
)
def test_refusals_are_one_sentence_and_the_cache_serves(hub, machine, folder, commit, status, said):
    hub.fault("GET", "/revision/", status=status, headers={"Retry-After": "600"})
    pulled = machine.run(pull, FLOWERS_WEIGHTS=str(folder))
    assert pulled.origin == "the folder made/"
    assert said in pulled.notice
    machine.run(pull)
    hub.fault("GET", "/revision/", status=status, headers={"Retry-After": "600"})
    assert said in machine.run(pull).notice
    assert "hf_writer" not in machine.log()


def test_wait_as_long_as_the_hub_asks(hub, machine, commit):
    hub.fault("GET", "/revision/", status=429, headers={"Retry-After": "7"}, times=2)
    hub.fault("HEAD", "mobilenetv2/config.json", status=429, headers={"Retry-After": "5"}, times=2)
    hub.fault("GET", "/objects/", status=429, headers={"Retry-After": "9"})
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    waits = [float(n) for n in re.findall(r"waited (\S+) s", machine.log())]
    assert [n for n in waits if n >= 5] == [7, 7, 6, 10]  # The client adds one second.


def test_private_repositories(hub, machine, folder, commit, tmp_path):
    hub.repo(REPO).private = True
    machine.use(tmp_path / "home", "hf_reader")
    assert machine.run(pull, fetch=["mobilenetv2"]).commit == commit
    assert not [s for s in hub.seen if s.authorized and s.host.startswith("localhost")]
    assert "hf_reader" not in machine.log()
    machine.use(tmp_path / "other", None)
    notice = machine.run(pull, FLOWERS_WEIGHTS=str(folder)).notice
    assert "has no repository somebody/flowers that you may read" in notice
    machine.use(tmp_path / "third", "hf_expired")
    notice = machine.run(pull, FLOWERS_WEIGHTS=str(folder)).notice
    assert "wants a valid token" in notice
    assert "hf_expired" not in notice + machine.log()


def test_a_slow_server_does_not_hold_up_the_start(hub, machine, folder, commit):
    for part in ("/revision/", "/tree/"):
        hub.fault("GET", part, delay=8)
        start = time.monotonic()
        pulled = machine.run(pull, FLOWERS_WEIGHTS=str(folder))
        assert time.monotonic() - start < 7
        if part == "/revision/":
            assert pulled.origin == "the folder made/"
            assert "did not answer in time" in pulled.notice
        else:
            assert pulled.commit == commit  # The listing is asked for once more.


def test_a_download_that_breaks_off_goes_on_where_it_was(hub, machine, tmp_path):
    # The client writes in chunks of 10 MB and goes on after the last whole one.
    large = make_folder(tmp_path / "large", "mobilenetv2", size=12_000_000)
    hub.put(REPO, files_of(large))
    hub.fault("GET", "/objects/", sent=11_000_000)
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert pulled.files["mobilenetv2/model.tflite"] == files_of(large)["mobilenetv2/model.tflite"]
    ranges = [s.range for s in hub.seen if s.method == "GET" and "/objects/" in s.path]
    assert ranges == [None, "bytes=10485760-"]


def test_a_server_that_dies_disables_nothing_for_good(hub, machine, commit):
    fault = hub.fault("GET", "/objects/", sent=0, times=99)
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert available(pulled) == ["densenet121", "mobilenetv2"]
    assert "somebody/flowers" in pulled.errors["mobilenetv2"]
    assert "mobilenetv2/model.tflite" not in pulled.files
    fault.times = 0
    assert machine.run(pull, fetch=["mobilenetv2"]).errors == {}


def test_a_file_changed_under_its_hash_disables_its_backbone(hub, machine, commit):
    hub.fault("GET", "/objects/", replace=lambda content: content[:-1] + b"!")
    pulled = machine.run(pull, fetch=["mobilenetv2", "densenet121"])
    assert available(pulled) == ["densenet121"]
    assert "is not the file its config.json names" in pulled.reasons["mobilenetv2"]
    assert pulled.errors == {"mobilenetv2": pulled.reasons["mobilenetv2"]}
    assert "MobileNetV2 is disabled" in machine.log()


def test_a_damaged_cache_is_mended(hub, machine, folder, commit, tmp_path):
    machine.run(pull, fetch=["mobilenetv2"])
    name = "mobilenetv2/model.tflite"
    blob = (tmp_path / "home/hub/models--somebody--flowers/snapshots" / commit / name).resolve()
    blob.write_bytes(b"cut")
    pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert pulled.errors == {}
    assert pulled.files[name] == (folder / name).read_bytes()
    blob.write_bytes(b"cut")
    with hub.down():
        pulled = machine.run(pull, fetch=["mobilenetv2"])
    assert "is incomplete or changed" in pulled.reasons["mobilenetv2"]


def change(text: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(text), **fields}).encode()


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("config.json", lambda t: t[:40], "is malformed at the file"),
        ("config.json", lambda t: b"\xff\xfe", "cannot be read"),
        ("config.json", lambda t: change(t, schema_version=2), "has schema version 2"),
        ("config.json", lambda t: change(t, backbone="vgg16"), "belongs to another backbone"),
        ("config.json", lambda t: change(t, evil=1), "is malformed at evil"),
        (
            "config.json",
            lambda t: change(t, files={**json.loads(t)["files"], "../../x": {}}),
            "is malformed at files",
        ),
        (
            "config.json",
            lambda t: change(t, files={"../x.tflite": json.loads(t)["files"]["model.tflite"]}),
            "not '../x.tflite'",
        ),
        ("metrics.json", lambda t: t[:-100], "metrics.json is malformed"),
        ("metrics.json", lambda t: change(t, schema_version=7), "malformed at schema_version"),
    ],
)
def test_a_malformed_file_disables_its_backbone_alone(hub, machine, folder, name, edit, said):
    files = files_of(folder)
    files[f"mobilenetv2/{name}"] = edit(files[f"mobilenetv2/{name}"])
    hub.put(REPO, files)
    pulled = machine.run(pull, fetch=["densenet121"])
    assert available(pulled) == ["densenet121"]
    assert said in pulled.reasons["mobilenetv2"]
    assert not [s.path for s in hub.seen if "x.tflite" in s.path or ".." in s.path]


def test_a_wrong_name_is_one_sentence(machine, tmp_path):
    with pytest.raises(WeightsError, match="is called USER/REPO"):
        machine.run(pull, FLOWERS_REPO="no/such/name", FLOWERS_WEIGHTS=str(tmp_path / "none"))


def test_two_that_choose_at_once_download_once(hub, machine, commit):
    assert machine.run(fetch_twice) == 2
    assert len(hub.paths("GET", "/objects/")) == 1


def fetch_twice() -> int:
    from flowers.hubweights import HubWeights

    weights = HubWeights(REPO)
    done: list[Path] = []
    threads = [
        threading.Thread(target=lambda: done.append(weights.fetch("mobilenetv2"))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


logging.getLogger("flowers").setLevel(logging.INFO)
