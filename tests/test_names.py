"""Two things never share a name."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.support import ROOT

PACKAGES = ("flowers", "train", "benchmarks", "static")
SHARED = {
    "main": "what a command runs, in the module of the command",
    "log": "the logger of a module, as Python's own documentation calls it",
}
"""Names that several modules may define, and why."""
EXPORTED = re.compile(
    r"^export (?:async )?(?:function|class|interface|type|const|let) (\w+)", re.MULTILINE
)


def test_a_public_name_is_defined_in_one_module() -> None:
    modules = [path for package in PACKAGES for path in sources(ROOT / package)]
    assert len(modules) > 100
    homes = defaultdict(list)
    for path in modules:
        for name in public_names(ast.parse(path.read_text(encoding="utf-8"))):
            homes[name].append(str(path.relative_to(ROOT)))
    several = {name: paths for name, paths in homes.items() if len(set(paths)) > 1}
    assert {name: paths for name, paths in several.items() if name not in SHARED} == {}
    assert several.keys() == SHARED.keys()


def test_a_name_that_a_script_exports_is_defined_in_one_script() -> None:
    scripts = sorted((ROOT / "static" / "src").rglob("*.ts"))
    assert len(scripts) > 30
    homes = defaultdict(list)
    for path in scripts:
        for name in EXPORTED.findall(path.read_text(encoding="utf-8")):
            homes[name].append(path.name)
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_names_are_found_however_they_are_given() -> None:
    text = "A = 1\nB: int = 2\nC = D = 3\ndef e(): f = 4\nclass G: h = 5\nasync def i(): pass"
    assert public_names(ast.parse(f"{text}\n_j = 6")) == {"A", "B", "C", "D", "e", "G", "i"}


def sources(package: Path) -> list[Path]:
    return [path for path in package.rglob("*.py") if "node_modules" not in path.parts]


def public_names(module: ast.Module) -> set[str]:
    """Names that a module gives to functions, classes and values of its own."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets += [node.target] if isinstance(node, ast.AnnAssign) else []
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in found if not name.startswith("_")}
