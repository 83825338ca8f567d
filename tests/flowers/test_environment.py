"""What is in `flowers/` needs nothing beyond `requirements.txt`."""

import subprocess
import sys
import tomllib

from tests.support import ROOT


def test_every_module_imports_with_the_requirements_of_serving_alone() -> None:
    command = [sys.executable, "-m", "tests.support.serving_only", "tests.support.every_module"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list((ROOT / "flowers").rglob("*.py"))) - 1  # Itself.


def test_the_project_is_cloned_and_run_and_nothing_builds_a_wheel_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "build-system" not in project
