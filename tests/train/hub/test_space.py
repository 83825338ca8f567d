"""The Space and the container: what goes in, and that it serves without the rest."""

import fnmatch
import os
import re
import subprocess
import sys

import pytest
import yaml

from flowers.errors import WeightsError
from tests.support import ROOT
from tests.support.folders import files_of, make_folder
from tests.support.hub.standin import Hub

REPO, SPACE = "somebody/flowers", "somebody/app"


@pytest.fixture
def commit(hub, tmp_path) -> str:
    files = files_of(make_folder(tmp_path / "made", "mobilenetv2", "vgg16", keras=True))
    files |= {"examples/rose.jpg": b"jpeg", "evil.pkl": b"pickle"}
    return hub.put(REPO, files).oid


def push_space(*args, **kwargs):
    from train.hub.space import push_space

    return push_space(*args, **kwargs)


def preload(line: str) -> None:
    """Runs on the machine: what the Hub does for a line of `preload_from_hub`."""
    from huggingface_hub import hf_hub_download

    repo, names, revision = line.split(" ")
    for name in names.split(","):
        hf_hub_download(repo, name, revision=revision)


def stored(hub: Hub) -> dict[str, bytes]:
    return {path: blob.content for path, blob in hub.repo(SPACE, "space").head.files.items()}


def front_matter(files: dict[str, bytes]) -> dict:
    return yaml.safe_load(files["README.md"].decode().split("---\n")[1])


def test_a_space_holds_the_app_and_nothing_of_training(hub, machine, commit):
    report = machine.run(push_space, SPACE, REPO)
    assert report.created
    assert report.committed
    files = stored(hub)
    assert files["app.py"] == (ROOT / "app.py").read_bytes()
    assert files["flowers/page/app.py"] == (ROOT / "flowers/page/app.py").read_bytes()
    assert files["requirements.txt"] == (ROOT / "requirements-app.txt").read_bytes()
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
    machine.run(push_space, SPACE, REPO)
    front = front_matter(stored(hub))
    pinned = re.search(r"^gradio==(\S+)", (ROOT / "requirements-app.txt").read_text(), re.M)
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
print(weights.commit, weights.notice, weights.fetch("vgg16").is_dir(), bool(weights.published()))
assert not {"tensorflow", "keras", "train"} & set(sys.modules)
"""


def test_a_space_serves_its_preloaded_weights_by_itself(hub, machine, commit, tmp_path):
    machine.run(push_space, SPACE, REPO)
    files = stored(hub)
    for path, content in files.items():
        (tmp_path / "space" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "space" / path).write_bytes(content)
    [line] = front_matter(files)["preload_from_hub"]
    machine.run(preload, line)
    environment = {
        "PATH": os.environ["PATH"],
        "HF_HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": hub.url,
        **hub.repo(SPACE, "space").variables,
    }
    hub.put(REPO, {"vgg16/config.json": b"a later commit that changes nothing here"})
    hub.seen.clear()
    result = subprocess.run(
        [sys.executable, "-c", SERVE],
        cwd=tmp_path / "space",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.strip() == f"{commit} None True True", result.stderr
    assert not hub.paths("GET", "/objects/")


def test_a_second_time_only_differences_are_sent(hub, machine, commit):
    machine.run(push_space, SPACE, REPO)
    hub.seen.clear()
    assert not machine.run(push_space, SPACE, REPO).committed
    assert {s.method for s in hub.seen} == {"GET"}
    space = hub.repo(SPACE, "space")
    space.head.files["flowers/gone.py"] = space.head.files["app.py"]
    newer = hub.put(REPO, {"published.json": b"{}"}).oid
    report = machine.run(push_space, SPACE, REPO)
    changes = {file.path: file.change for file in report.files if file.change != "unchanged"}
    assert changes == {"README.md": "changed", "flowers/gone.py": "removed"}
    assert space.variables["FLOWERS_REVISION"] == newer


def test_a_dry_run_sends_nothing(hub, machine, commit):
    report = machine.run(push_space, SPACE, REPO, dry_run=True)
    assert {s.method for s in hub.seen} == {"GET"}
    assert "would be created" in str(report)
    assert re.search(r"bytes  new +app.py", str(report))


def test_private_weights_need_a_secret(hub, machine, commit):
    hub.repo(REPO).private = True
    report = machine.run(push_space, SPACE, REPO, private=True)
    assert hub.repo(SPACE, "space").private
    assert "add a token that may read it to the Space's secrets" in str(report)
    assert "preload_from_hub" not in front_matter(stored(hub))
    assert b"hf_writer" not in b"".join(stored(hub).values())


def test_refusals_are_one_sentence(hub, machine, commit):
    hub.fault("POST", "/repos/create", status=402, message="Subscribe to PRO")
    with pytest.raises(WeightsError, match="needs a paid plan of the Hub; deploy with Docker"):
        machine.run(push_space, SPACE, REPO)
    hub.put("somebody/empty", {"notes.txt": b""})
    with pytest.raises(WeightsError, match="somebody/empty holds no weights"):
        machine.run(push_space, SPACE, "somebody/empty")
    with pytest.raises(WeightsError, match="has no such tag, branch or commit"):
        machine.run(push_space, SPACE, REPO, revision="v9")


# The container


def instructions() -> list[list[str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def test_the_container_copies_what_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    for words in instructions():
        if words[0] == "COPY":
            for source in words[1:-1]:
                assert (ROOT / source).exists()
                assert source in let_in


def test_the_container_runs_as_an_ordinary_user():
    names = [words[0] for words in instructions()]
    user = names.index("USER")
    assert instructions()[user] == ["USER", "app"]
    assert names[user:].count("RUN") == 0
    assert names[-1] == "CMD"
    base = next(words[1] for words in instructions() if words[0] == "FROM")
    assert fnmatch.fnmatch(base, "python:3.11-slim*")
