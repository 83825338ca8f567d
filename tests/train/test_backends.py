"""Training needs no TensorFlow where Keras computes with another library; only the export does."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowers.models.classifier import Classifier
from flowers.weights.folder import check_artifact, read_config
from flowers.weights.results import read_metrics
from tests.support import ROOT
from tests.support.photos import SIZE
from tests.support.predictions import learned
from train.__main__ import main

BLOCKED = "import sys; sys.modules['tensorflow'] = None\n"
"""From here on, an import of TensorFlow fails as if it was not installed."""


def run_without_tensorflow(backend: str, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + program, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("package", ["flowers", "train"])
def test_no_module_imports_tensorflow_when_it_is_imported(package: str) -> None:
    paths = sorted((ROOT / package).rglob("*.py"))
    assert len(paths) > 20
    for path in paths:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "tensorflow" for name in names), path


def test_without_the_training_environment_a_command_says_so_in_one_sentence() -> None:
    program = "import sys; sys.modules['keras'] = sys.modules['sklearn'] = None\n"
    program += "from train.__main__ import main; sys.exit(main(sys.argv[1:]))"
    for command in (
        ["fit", "--data", "d", "--out", "o"],
        ["evaluate", "--weights", ".", "--data", "d"],
        ["starter", "--data", "d", "--unknown", "u", "--out", "o"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        sentence, _, missing = done.stderr.strip().splitlines()[-1].partition(" Received: ")
        assert sentence == (
            "error: Training needs more libraries than the app; install them with make train-env "
            "and use its Python."
        )
        assert missing in ("no module named keras", "no module named sklearn")
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_trains_and_tensorflow_exports(
    backend: str, generated_photos: Path, tmp_path: Path
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    program = "from train.__main__ import main; sys.exit(main(sys.argv[1:]))"
    base, out = tmp_path / "base", tmp_path / "out"
    common = ["--data", str(generated_photos), "--image-size", str(SIZE), "--batch-size", "8"]
    pretrain = ["pretrain", *common, "--out", str(base), "--backbone", "mobilenetv2"]
    run_without_tensorflow(backend, program, *pretrain, "--epochs", "4")
    fit = ["fit", *common, "--out", str(out), "--base", str(base), "--views", "1"]
    printed = run_without_tensorflow(backend, program, *fit, "--epochs", "4")
    assert f"python -m train export --weights {out}" in printed
    assert "See it" not in printed
    assert not (out / "mobilenetv2").exists()

    assert main(["export", "--weights", str(out)]) == 0
    config = read_config(out / "mobilenetv2")
    assert backend in config.versions
    Classifier(check_artifact(out / "mobilenetv2"))
    for result in read_metrics(out / "mobilenetv2").variants.values():
        assert learned(result)
