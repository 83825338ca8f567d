"""Runs parts of the page's scripts in node, to hold them against Python."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from static.bundle import STATIC_FOLDER, bundle


def node_program(text: str, modules: Sequence[str], folder: Path) -> Path:
    """A script for node in `folder`; each %s of `text` stands for one of the `modules` of src."""
    source, program = folder / "program.ts", folder / "program.mjs"
    source.write_text(text % tuple(json.dumps(str(STATIC_FOLDER / "src" / m)) for m in modules))
    bundle(str(source), program, "--format=esm", "--platform=node")
    return program


def ask_node(program: Path, **asked: object) -> Any:
    """What the script says of `asked`, both JSON."""
    done = subprocess.run(
        ["node", program], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
