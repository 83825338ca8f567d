"""Runs `python -m MODULE ARGUMENTS` as where only the requirements of serving are installed.

    python -m tests.support.serving_only [+EXTRA …] MODULE [ARGUMENT …]

Whatever else is installed cannot be imported, but for the distributions called EXTRA.
"""

import re
import runpy
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions
from types import ModuleType

from tests.support import ROOT

TOOLS = frozenset({"pip", "setuptools"})


class Missing(MetaPathFinder):
    def __init__(self, modules: set[str]) -> None:
        self.modules = modules

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def beyond(extras: set[str]) -> set[str]:
    """Modules of installed distributions that serving does not require."""
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    required = {plain(name) for name in re.findall(r"^([\w.-]+)==", pins, re.M)}
    assert "gradio" in required
    allowed = required | TOOLS | {plain(name) for name in extras}
    return {
        module
        for module, names in packages_distributions().items()
        if not allowed & {plain(name) for name in names}
    }


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    words = sys.argv[1:]
    extras = {word[1:] for word in words if word.startswith("+")}
    module, *arguments = [word for word in words if not word.startswith("+")]
    missing = beyond(extras)
    assert {"keras", "tensorflow", "sklearn"} <= missing
    sys.meta_path.insert(0, Missing(missing))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
