"""What is in `flowers/` needs nothing beyond `requirements.txt`."""

import subprocess
import sys

from tests.support import ROOT


def test_every_module_imports_with_the_requirements_of_serving_alone() -> None:
    command = [sys.executable, "-m", "tests.support.serving_only", "tests.support.every_module"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list((ROOT / "flowers").rglob("*.py"))) - 1  # Itself.
