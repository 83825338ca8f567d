"""The command that deploys a Space, where only what serving needs is installed."""

import os
import subprocess
import sys

import pytest

from tests.support import ROOT
from tests.support.hub.machine import DIRECT
from tests.support.hub.space import (
    REPO,
    SPACE,
    front_matter,
    stored,
)


@pytest.fixture
def command(hub, tmp_path):
    """Runs `python -m` where only what serving needs is installed, with a token for the Hub."""
    environment = {
        **os.environ,
        **DIRECT,
        "HF_HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_writer",
        "HF_HUB_DISABLE_XET": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "tests.support.serving_only", *arguments]
        return subprocess.run(
            line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )

    return run


def test_the_command_needs_only_what_serving_needs(hub, commit, command):
    sent = command("train", "space", SPACE, "--repo", REPO, "--revision", commit)
    assert sent.returncode == 0, sent.stderr
    assert f"Its weights are {REPO} at {commit}." in sent.stdout
    assert f"Pushed to {hub.url}/spaces/{SPACE}, commit" in sent.stdout
    refused = command("train.space", SPACE, "--revision", "v1")  # As it was called before.
    assert refused.returncode == 1
    assert refused.stderr == (
        "error: Say whose revision that is: --revision needs --repo USER/REPO.\n"
    )


def test_the_command_deploys_the_page_without_a_server(hub, command, tmp_path):
    page = tmp_path / "static"
    (page / "runtime").mkdir(parents=True)
    (page / "index.html").write_text("<title>Flowers</title>")
    (page / "runtime" / "litert.wasm.gz").write_bytes(b"\x1f\x8bpacked")
    sent = command("train", "space", SPACE, "--static", str(page), "--private")
    assert sent.returncode == 0, sent.stderr
    assert f"Pushed to {hub.url}/spaces/{SPACE}, commit" in sent.stdout
    assert hub.repo(SPACE, "space").private
    files = stored(hub)
    assert files["index.html"] == b"<title>Flowers</title>"
    assert files["runtime/litert.wasm.gz"] == b"\x1f\x8bpacked"
    assert front_matter(files)["sdk"] == "static"
    unclear = command("train", "space", SPACE, "--static", str(page), "--repo", REPO)
    assert unclear.returncode == 2
    assert "not allowed with argument --static" in unclear.stderr
