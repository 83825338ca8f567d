"""The Space: what goes in, and that it serves without the rest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flowers.errors import UserError, WeightsError
from tests.support import ROOT
from tests.support.folders import make_folder
from tests.support.hub.space import (
    REPO,
    SPACE,
    deploy_on,
    deploy_static,
    deploy_with,
    front_matter,
    stored,
)
from tests.support.hub.standin import Hub


def preload(line: str) -> None:
    """Runs on the machine: what the Hub does for a line of `preload_from_hub`."""
    from huggingface_hub import hf_hub_download

    repo, names, revision = line.split(" ")
    for name in names.split(","):
        hf_hub_download(repo, name, revision=revision)


def test_a_space_holds_the_app_and_nothing_of_training(hub, machine, commit):
    report = machine.run(deploy_on, REPO)
    assert report.created
    assert report.committed
    files = stored(hub)
    assert files["app.py"] == (ROOT / "app.py").read_bytes()
    assert files["flowers/page/app.py"] == (ROOT / "flowers/page/app.py").read_bytes()
    pins = files["requirements.txt"].decode()
    assert "--hash" not in pins  # The builder adds packages to the same `pip install`.
    pinned = re.compile(r"^[\w.-]+==[^\s\\]+", re.M)
    assert pinned.findall(pins) == pinned.findall((ROOT / "requirements.txt").read_text())
    assert {path.split("/")[0] for path in files} <= {
        ".gitattributes",
        "LICENSE",
        "NOTICE",
        "README.md",
        "app.py",
        "flowers",
        "requirements.txt",
        "weights",
    }
    assert [path for path in files if path.startswith("weights/")] == ["weights/published.json"]
    assert not [path for path in files if "__pycache__" in path]
    assert hub.repo(SPACE, "space").variables == {"FLOWERS_REPO": REPO, "FLOWERS_REVISION": commit}


def test_the_front_matter_pins_everything(hub, machine, commit):
    machine.run(deploy_on, REPO)
    front = front_matter(stored(hub))
    pinned = re.search(r"^gradio==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pinned[1]
    assert front["python_version"] == "3.11"
    assert front["app_file"] == "app.py"
    assert front["models"] == [REPO]
    assert len(front["short_description"]) <= 60
    [line] = front["preload_from_hub"]
    repo, names, revision = line.split(" ")
    assert (repo, revision) == (REPO, commit)
    assert set(names.split(",")) == {
        "published.json",
        "examples/rose.jpg",
        *(f"{b}/{name}" for b in ("mobilenetv2", "vgg16") for name in SERVED),
    }


SERVED = ("config.json", "metrics.json", "model.tflite")

SERVE = """
import sys
from flowers.weights.source import weights_from_environment
weights = weights_from_environment()
there = weights.fetch("vgg16").path.is_file()
print(weights.commit, weights.notice, there, bool(weights.published()))
assert not {"tensorflow", "keras", "train"} & set(sys.modules)
"""


def served(hub: Hub, root: Path) -> tuple[str, str]:
    """What the Space prints and says when the Hub starts it with `SERVE` for an app."""
    for path, content in stored(hub).items():
        (root / "space" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "space" / path).write_bytes(content)
    environment = {
        "PATH": os.environ["PATH"],
        "HF_HOME": str(root / "home"),
        "HF_ENDPOINT": hub.url,
        **hub.repo(SPACE, "space").variables,
    }
    result = subprocess.run(
        [sys.executable, "-c", SERVE],
        cwd=root / "space",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout.strip(), result.stderr


def test_a_space_serves_its_preloaded_weights_by_itself(hub, machine, commit, tmp_path):
    machine.run(deploy_on, REPO)
    [line] = front_matter(stored(hub))["preload_from_hub"]
    machine.run(preload, line)
    hub.put(REPO, {"vgg16/config.json": b"a later commit that changes nothing here"})
    hub.seen.clear()
    printed, errors = served(hub, tmp_path)
    assert printed == f"{commit} None True True", errors
    assert not hub.paths("GET", "/objects/")


def test_without_a_repository_the_weights_go_along(hub, machine, tmp_path):
    weights = make_folder(tmp_path / "made", "mobilenetv2", "vgg16", keras=True)
    (weights / "examples").mkdir()
    (weights / "examples" / "rose.jpg").write_bytes(b"jpeg")
    (weights / "vgg16" / "notes.pkl").write_bytes(b"pickle")
    report = machine.run(deploy_with, weights)
    assert f"Its weights are those of {weights}." in str(report)
    files = stored(hub)
    assert {path for path in files if path.startswith("weights/")} == {
        "weights/published.json",
        "weights/examples/rose.jpg",
        *(f"weights/{b}/{name}" for b in ("mobilenetv2", "vgg16") for name in SERVED),
    }
    blobs = hub.repo(SPACE, "space").head.files
    assert blobs["weights/vgg16/model.tflite"].lfs
    assert not {"models", "preload_from_hub"} & front_matter(files).keys()
    assert front_matter(files)["python_version"] == "3.11"
    assert hub.repo(SPACE, "space").variables == {}
    printed, errors = served(hub, tmp_path)
    assert printed == "None None True True", errors


def test_weights_that_are_not_whole_are_not_deployed(hub, machine, folder):
    (folder / "mobilenetv2" / "model.tflite").write_bytes(b"cut")
    with pytest.raises(WeightsError, match="is incomplete or changed"):
        machine.run(deploy_with, folder)
    assert not hub.seen


def test_a_space_moves_from_its_own_weights_to_a_repository_and_back(hub, machine, commit, folder):
    machine.run(deploy_with, folder)
    space = hub.repo(SPACE, "space")
    space.variables["THEIRS"] = "stays"
    hub.put(SPACE, {"packages.txt": b"theirs"}, kind="space")
    machine.run(deploy_on, REPO)
    files = stored(hub)
    assert [path for path in files if path.startswith("weights/")] == ["weights/published.json"]
    assert files["packages.txt"] == b"theirs"
    assert space.variables["FLOWERS_REVISION"] == commit
    machine.run(deploy_with, folder)
    assert space.variables == {"THEIRS": "stays"}
    assert "weights/mobilenetv2/model.tflite" in stored(hub)


def test_the_page_without_a_server_is_a_static_space(hub, machine, folder, tmp_path):
    page = tmp_path / "static"
    (page / "weights" / "mobilenetv2").mkdir(parents=True)
    (page / "index.html").write_text("<title>Flowers</title>")
    (page / "weights" / "mobilenetv2" / "model.tflite").write_bytes(b"artifact")
    machine.run(deploy_with, folder)  # The same Space was an app before.
    machine.run(deploy_static, page)
    files = stored(hub)
    front = front_matter(files)
    assert files.keys() - {".gitattributes", "README.md", "NOTICE", "LICENSE"} == {
        "index.html",
        "weights/mobilenetv2/model.tflite",
    }
    assert front["sdk"] == "static"
    assert front["app_file"] == "index.html"
    assert front["custom_headers"]["cross-origin-opener-policy"] == "same-origin"
    assert front["custom_headers"]["cross-origin-embedder-policy"] == "require-corp"
    assert not {"sdk_version", "python_version"} & front.keys()
    hub.seen.clear()
    assert not machine.run(deploy_static, page).committed
    assert {s.method for s in hub.seen} == {"GET"}


def test_a_page_that_was_not_built_is_not_deployed(machine, tmp_path):
    with pytest.raises(UserError, match=r"holds no index\.html; build the page with"):
        machine.run(deploy_static, tmp_path)


def test_a_second_time_only_differences_are_sent(hub, machine, commit):
    machine.run(deploy_on, REPO)
    hub.seen.clear()
    assert not machine.run(deploy_on, REPO).committed
    assert {s.method for s in hub.seen} == {"GET"}
    space = hub.repo(SPACE, "space")
    space.head.files["flowers/gone.py"] = space.head.files["app.py"]
    newer = hub.put(REPO, {"published.json": b"{}"}).oid
    report = machine.run(deploy_on, REPO)
    changes = {file.path: file.change for file in report.files if file.change != "unchanged"}
    assert changes == {"README.md": "changed", "flowers/gone.py": "removed"}
    assert space.variables["FLOWERS_REVISION"] == newer


def test_a_dry_run_sends_nothing(hub, machine, commit):
    report = machine.run(deploy_on, REPO, dry_run=True)
    assert {s.method for s in hub.seen} == {"GET"}
    assert "would be created" in str(report)
    assert re.search(r"bytes  new +app.py", str(report))


def test_private_weights_need_a_secret(hub, machine, commit):
    hub.repo(REPO).private = True
    report = machine.run(deploy_on, REPO, private=True)
    assert hub.repo(SPACE, "space").private
    assert "add a token that may read it to the Space's secrets" in str(report)
    assert "preload_from_hub" not in front_matter(stored(hub))
    assert b"hf_writer" not in b"".join(stored(hub).values())


def test_refusals_are_one_sentence(hub, machine, commit):
    hub.fault("POST", "/repos/create", status=402, message="Subscribe to PRO")
    with pytest.raises(WeightsError, match="needs a paid plan of the Hub; deploy with Docker"):
        machine.run(deploy_on, REPO)
    hub.put("somebody/empty", {"notes.txt": b""})
    with pytest.raises(WeightsError, match="somebody/empty holds no weights"):
        machine.run(deploy_on, "somebody/empty")
    with pytest.raises(WeightsError, match="has no such tag, branch or commit"):
        machine.run(deploy_on, REPO, revision="v9")
