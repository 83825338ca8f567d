"""The verdicts of the edition without a server, by the examples that the app's satisfy too."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from flowers.errors import BuildError
from flowers.models.verdicts import exported
from static.bundle import FOLDER, bundle, install
from tests.support import ROOT

PROGRAM = """
import { verdictOf } from %s;
import { readFileSync } from "node:fs";
const { classes, models, words } = JSON.parse(readFileSync(0, "utf8"));
const found = models.map(({ shares, known, p_known }) => ({
  backbone: "vgg16", variant: "transfer", classes, probabilities: shares, known, pKnown: p_known,
  milliseconds: 1 }));
console.log(JSON.stringify(verdictOf(found, words)));
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script for node that gives a verdict; tests are skipped where there is no node."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed; install version 20 or newer.")
    try:
        install()
    except BuildError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("looks")
    source = folder / "program.ts"
    source.write_text(PROGRAM % json.dumps(str(FOLDER / "src" / "looks.ts")))
    bundle(str(source), folder / "program.mjs", "--format=esm", "--platform=node")
    return folder / "program.mjs"


def test_the_same_verdicts_in_the_same_words(program: Path) -> None:
    examples = json.loads((ROOT / "tests/support/verdicts.json").read_text(encoding="utf-8"))
    assert examples["photo"]
    for example in examples["photo"]:
        asked = {"classes": examples["classes"], "models": example["models"], "words": exported()}
        done = subprocess.run(
            ["node", program], input=json.dumps(asked), capture_output=True, text=True, check=True
        )
        expected = {key: example[key] for key in ("look", "names", "title", "facts")}
        assert json.loads(done.stdout) == expected, example["case"]
