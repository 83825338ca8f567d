"""Ray is optional: nothing imports it without `--cluster`, which says how to install it."""

import ast
import sys
from pathlib import Path

import pytest

from tests.support import ROOT
from train.__main__ import main

CLUSTER = ROOT / "train" / "cluster"


def imported(nodes: list[ast.AST]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_only_the_commands_import_what_imports_ray_and_only_when_they_are_told() -> None:
    with_ray, with_cluster = set(), set()
    for package in ("flowers", "train"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            anywhere, at_once = imported(list(ast.walk(tree))), imported(list(tree.body))
            if any(name.split(".")[0] == "ray" for name in anywhere):
                with_ray.add(path)
            if path.parent == CLUSTER:
                continue
            if any(name.startswith("train.cluster") for name in anywhere):
                with_cluster.add(path)
            assert not any(name.startswith("train.cluster") for name in at_once), path
    assert with_ray
    assert {path.parent for path in with_ray} == {CLUSTER}
    assert with_cluster == {ROOT / "train" / "__main__.py"}


@pytest.mark.parametrize("command", ["fit", "predict"])
def test_without_ray_a_command_for_a_cluster_says_what_to_install(
    command: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--cluster", "auto"]
    assert main([command, *arguments]) == 1
    assert capsys.readouterr().err.strip() == (
        "error: A cluster needs Ray; run `pip install -r requirements-cluster.txt` here and on "
        "each of its machines."
    )
