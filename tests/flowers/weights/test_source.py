"""Weights from a folder and from the Hub, with the real client over HTTP."""

import json
import threading
from pathlib import Path

import pytest

from flowers.errors import WeightsError
from flowers.weights.source import Source
from tests.support.folders import files_of, make_folder
from tests.support.hub.pull import REPO, available, pull


@pytest.fixture
def commit(hub, folder) -> str:
    """The hash of a repository that holds `folder` and things that no one should fetch."""
    strange = {"evil.pkl": b"pickle", "mobilenetv2/model.pkl": b"pickle", "notes.txt": b"notes"}
    return hub.put(REPO, {**files_of(folder), **strange}).oid


# A folder


def test_a_folder_offers_what_is_in_it(folder):
    weights = Source(folder)
    entries = weights.entries()
    assert [key for key, entry in entries.items() if entry.available] == [
        "densenet121",
        "mobilenetv2",
    ]
    assert "train fit --data PHOTOS --out FOLDER --backbones vgg16" in entries["vgg16"].reason
    assert entries["mobilenetv2"].metrics.variants["transfer"].accuracy == 0.85
    assert weights.fetch("mobilenetv2").path == folder / "mobilenetv2" / "model.tflite"
    assert (weights.origin, weights.commit, weights.notice) == ("the folder made/", None, None)


def test_a_changed_artifact_disables_its_backbone_alone(folder, caplog):
    path = folder / "mobilenetv2" / "model.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    weights = Source(folder)
    with pytest.raises(WeightsError, match=r"not the file its config\.json names"):
        weights.fetch("mobilenetv2")
    entries = weights.entries()
    assert "not the file" in entries["mobilenetv2"].reason
    assert "not the file" in caplog.text
    assert entries["densenet121"].available


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(WeightsError, match="is not a weights folder; set FLOWERS_WEIGHTS"):
        Source(tmp_path / "none")


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
        f"{REPO} has no such tag, branch or commit; choose another. Received: v9. "
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
    assert offline.notice == (
        f"HF_HUB_OFFLINE is set, so the Hub was not asked for {REPO}. "
        f"The cached copy serves instead."
    )
    assert "not in the cache" not in offline.notice


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


def change(text: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(text), **fields}).encode()


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("config.json", lambda t: t[:40], "is malformed at the file"),
        ("config.json", lambda t: b"\xff\xfe", "cannot be read"),
        ("config.json", lambda t: change(t, schema_version=3), "has schema version 3"),
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
        ("metrics.json", lambda t: t[:-100], "metrics.json is incomplete or changed"),
        ("metrics.json", lambda t: t.replace(b"0", b"1"), "is not the file its config.json names"),
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
    from flowers.weights.source import Source

    weights = Source.of_hub(REPO)
    done: list[Path] = []
    threads = [
        threading.Thread(target=lambda: done.append(weights.fetch("mobilenetv2").path))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)
