"""Push with the real client over HTTP: whole, once, and nothing lost."""

import re
import threading
from pathlib import Path

import pytest

from flowers.errors import WeightsError
from flowers.weights.folder import read_config, write_config
from tests.support.folders import files_of, make_folder
from tests.support.hub.machine import SECONDS
from tests.support.hub.push import REPO, push, stored
from train.hub.card import MARK


def snapshot(repo: str, revision: str) -> dict[str, bytes]:
    """Runs on the machine: everything, as the client pulls it."""
    from huggingface_hub import snapshot_download

    return files_of(Path(snapshot_download(repo, revision=revision)))


def test_a_round_trip_byte_for_byte(hub, machine, folder):
    report = machine.run(push, folder, REPO)
    assert report.created
    assert report.committed
    assert report.tag == "v1"
    assert len(hub.repo(REPO).commits) == 2  # The Hub's own first one, and ours.
    assert hub.repo(REPO).tags == {"v1": report.commit}
    pulled = machine.run(snapshot, REPO, report.commit)
    card = pulled.pop("README.md").decode()
    pulled.pop(".gitattributes")
    assert pulled == files_of(folder)
    assert f"FLOWERS_REPO={REPO}" in card
    assert "| MobileNetV2 | finetuned | 90.00%" in card
    assert hub.repo(REPO).head.files["mobilenetv2/model.weights.h5"].lfs
    assert re.search(r"bytes  new +mobilenetv2/model.tflite", str(report))
    assert f"Pushed to {hub.url}/{REPO} as v1, commit {report.commit}" in str(report)


def test_an_unchanged_folder_makes_no_commit(hub, machine, folder):
    first = machine.run(push, folder, REPO)
    hub.seen.clear()
    again = machine.run(push, folder, REPO)
    assert not again.committed
    assert (again.commit, again.tag) == (first.commit, "v1")
    assert {file.change for file in again.files} == {"unchanged"}
    assert not [s for s in hub.seen if s.method in ("POST", "PUT")]
    assert "holds exactly this already, as v1" in str(again)


def test_a_changed_folder_sends_what_changed(hub, machine, folder):
    first = machine.run(push, folder, REPO)
    make_folder(folder, "mobilenetv2", seed=1)  # Without the Keras weights this time.
    hub.seen.clear()
    second = machine.run(push, folder, REPO)
    assert second.tag == "v2"
    assert len(hub.paths("PUT", "/objects/")) == 1
    changes = {file.path: file.change for file in second.files}
    assert changes["mobilenetv2/model.tflite"] == "changed"
    assert changes["mobilenetv2/metrics.json"] == "unchanged"
    assert changes["mobilenetv2/model.weights.h5"] == "removed"
    assert "mobilenetv2/model.weights.h5" in stored(hub, first.commit)
    assert "mobilenetv2/model.weights.h5" not in stored(hub)
    assert "densenet121/model.weights.h5" in stored(hub)


def test_example_photos_go_along(hub, machine, folder):
    (folder / "examples").mkdir()
    for name in ("rose.jpg", "tulip.jpg", "notes.txt"):
        (folder / "examples" / name).write_bytes(name.encode())
    machine.run(push, folder, REPO)
    assert stored(hub)["examples/rose.jpg"] == b"rose.jpg"
    assert "examples/notes.txt" not in stored(hub)
    (folder / "examples" / "rose.jpg").unlink()
    machine.run(push, folder, REPO)
    assert [path for path in stored(hub) if "examples" in path] == ["examples/tulip.jpg"]


def test_a_dry_run_sends_nothing(hub, machine, folder):
    report = machine.run(push, folder, REPO, dry_run=True)
    assert report.created
    assert {s.method for s in hub.seen} == {"GET"}
    sizes = {file.path: file.bytes for file in report.files}
    assert sizes["mobilenetv2/model.tflite"] == 300_000
    assert "300,000 bytes  new        mobilenetv2/model.tflite" in str(report)
    assert "would be created" in str(report)
    machine.run(push, folder, REPO)
    hub.seen.clear()
    report = machine.run(push, folder, REPO, dry_run=True)
    assert {s.method for s in hub.seen} <= {"GET", "HEAD"}
    assert {file.change for file in report.files} == {"unchanged"}


def test_own_words_in_the_card_stay(hub, machine, folder):
    machine.run(push, folder, REPO)
    card = stored(hub)["README.md"].decode()
    hub.put(REPO, {"README.md": (card + "\nMy garden, 2026.\n").encode()})
    make_folder(folder, "mobilenetv2", seed=1)
    machine.run(push, folder, REPO)
    assert stored(hub)["README.md"].decode().endswith(f"{MARK}\n\nMy garden, 2026.\n")
    (folder / "README.md").write_text(f"{MARK}\nOther words.\n")
    report = machine.run(push, folder, REPO)
    assert not report.committed
    assert "were not sent" in str(report)


def test_own_words_in_the_folder_are_sent(hub, machine, folder):
    (folder / "README.md").write_text(f"{MARK}\nFrom here.\n")
    machine.run(push, folder, REPO)
    assert stored(hub)["README.md"].decode().endswith(f"{MARK}\nFrom here.\n")


def test_other_backbones_there_stay_and_are_in_the_card(hub, machine, folder, tmp_path):
    machine.run(push, folder, REPO)
    before = stored(hub)
    other = make_folder(tmp_path / "other", "vgg16")
    machine.run(push, other, REPO)
    after = stored(hub)
    assert {path: after[path] for path in before if path != "README.md"} == {
        path: content for path, content in before.items() if path != "README.md"
    }
    card = after["README.md"].decode()
    assert all(name in card for name in ("VGG16 |", "MobileNetV2 |", "DenseNet121 |"))


def test_whose_split_the_manifest_does_not_tell_is_said(hub, machine, folder, tmp_path):
    assert machine.run(push, folder, REPO).notes == []
    other = make_folder(tmp_path / "other", "vgg16")
    assert machine.run(push, other, REPO).notes == []
    third = make_folder(tmp_path / "third", "resnet101")
    config = read_config(third / "resnet101")
    write_config(third / "resnet101", config.model_copy(update={"data_fingerprint": "f" * 16}))
    (note,) = machine.run(push, third, REPO).notes
    assert note.startswith(
        "VGG16, DenseNet121, MobileNetV2 there were trained on other photos or another split"
    )


def test_two_pushers_at_once_lose_nothing(hub, machine, other_machine, folder, tmp_path):
    machine.run(push, folder, REPO)
    meet = threading.Barrier(2)
    hub.fault("POST", "/commit/", meet=meet, times=2)
    vgg16 = make_folder(tmp_path / "a", "vgg16")
    resnet101 = make_folder(tmp_path / "b", "resnet101")
    runs = [machine.start(push, vgg16, REPO), other_machine.start(push, resnet101, REPO)]
    reports = [run.result(SECONDS) for run in runs]
    assert all(report.committed for report in reports)
    assert len(hub.paths("POST", "/commit/main")) == 4  # The first push, two at once, one again.
    files = stored(hub)
    for made in (folder, vgg16, resnet101):
        assert files_of(made).items() <= {**files, "README.md": b""}.items()
    assert hub.repo(REPO).tags.keys() == {"v1", "v2", "v3"}
    assert {reports[0].tag, reports[1].tag} == {"v2", "v3"}
    card = files["README.md"].decode()
    assert all(name in card for name in ("VGG16 |", "ResNet101 |", "MobileNetV2 |"))
    assert "Somebody else pushed" in machine.log() + other_machine.log()


def test_tags_of_ones_own(hub, machine, folder):
    assert machine.run(push, folder, REPO, tag="spring").tag == "spring"
    assert machine.run(push, folder, REPO, tag="also").tag == "also"
    make_folder(folder, "mobilenetv2", seed=1)
    commits = len(hub.repo(REPO).commits)
    with pytest.raises(WeightsError, match="has the tag spring already; choose another"):
        machine.run(push, folder, REPO, tag="spring")
    assert len(hub.repo(REPO).commits) == commits
    for bad in ("main", "a b", "../x", "0123456789abcdef0123456789abcdef01234567", ""):
        with pytest.raises(WeightsError, match="A tag is a name"):
            machine.run(push, folder, REPO, tag=bad)


def test_private(hub, machine, folder):
    machine.run(push, folder, REPO, private=True)
    assert hub.repo(REPO).private
    assert not machine.run(push, folder, REPO, private=True).committed
    hub.repo(REPO).private = False
    with pytest.raises(WeightsError, match="is public; make it private first"):
        machine.run(push, folder, REPO, private=True)


def test_strange_files_in_the_folder_are_not_sent(hub, machine, folder):
    (folder / "notes.pkl").write_bytes(b"pickle")
    (folder / "mobilenetv2" / "state.pkl").write_bytes(b"pickle")
    (folder / ".env").write_text("HF_TOKEN=hf_writer")
    machine.run(push, folder, REPO)
    assert not [path for path in stored(hub) if "pkl" in path or "env" in path]
