"""`pytest --quick`: skips, while they run, the tests that need TensorFlow, a browser or a process.

Nothing has to be marked: a test that reaches for one of these is left out where it does. What
Hypothesis makes up is less.
"""

import multiprocessing.process
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

HEAVY = frozenset({"jax", "keras", "playwright", "tensorflow", "torch"})
PROGRAMS = frozenset({"esbuild", "node", "npm", "tsc"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="leave out what needs TensorFlow, a browser, a process"
    )


def pytest_configure(config: pytest.Config) -> None:
    # With `-n`, this process starts those that run the tests and runs none itself.
    starts_others = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if config.getoption("quick"):
        settings.load_profile("few")
    if config.getoption("quick") and not starts_others:
        sys.meta_path.insert(0, _Finder())
        sys.addaudithook(_no_process)
        multiprocessing.process.BaseProcess.start = _no_start  # type: ignore[method-assign]


class _Finder(MetaPathFinder, Loader):
    """Finds the heavy packages, so that they count as installed, and skips who imports them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in HEAVY else None

    def exec_module(self, module: ModuleType) -> None:
        _skip(module.__name__)


def _no_process(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "subprocess.Popen":
        return
    if arguments[0] == sys.executable or Path(arguments[0]).name in PROGRAMS:
        _skip("another process")


def _no_start(process: multiprocessing.process.BaseProcess) -> None:
    _skip("another process")


def _skip(need: str) -> None:
    pytest.skip(f"--quick leaves out what needs {need}", allow_module_level=True)
