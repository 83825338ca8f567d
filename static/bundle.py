"""TypeScript becomes scripts, and LiteRT.js is laid beside them: all that needs node."""

import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from flowers.errors import BuildError

STATIC_FOLDER = Path(__file__).parent
MODULES = STATIC_FOLDER / "node_modules"
LITERT = MODULES / "@litertjs" / "core"

SCRIPT = "src/app.ts"
READER = "src/worker/reader.ts"
SERVICE_WORKER = "src/worker/sw.ts"

BUILDS = {
    "litert": "litert_wasm_internal",
    "litert_threaded": "litert_wasm_threaded_internal",
    "litert_compat": "litert_wasm_compat_internal",
}
"""Builds of LiteRT.js: for one thread, for several, and for browsers without relaxed SIMD."""


def install() -> None:
    """Install what `package-lock.json` pins, unless it is there. Raises `BuildError`."""
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            raise BuildError(
                f"{name} is missing; install Node.js 20 or newer, which only building needs."
            )
    lock, installed = STATIC_FOLDER / "package-lock.json", MODULES / "installed"
    if installed.is_file() and installed.read_bytes() == lock.read_bytes():
        return
    done = _run("npm", "ci", "--no-audit", "--no-fund")
    if done.returncode:
        raise BuildError(
            "The pinned packages cannot be installed; connect to the internet once. "
            f"Received: {_last_line(done.stderr)}"
        )
    installed.write_bytes(lock.read_bytes())


def check_types() -> None:
    """Have TypeScript check the sources. Raises `BuildError`."""
    for project in ("tsconfig.json", "src/worker/tsconfig.json"):
        done = _run(MODULES / ".bin" / "tsc", "--project", project)
        if done.returncode:
            raise BuildError(f"The types of the page's scripts do not fit.\n{done.stdout}")


def bundle(source: str, out: Path, *options: str) -> None:
    """Bundle a module under `static/` into one script. Raises `BuildError`."""
    done = _run(
        MODULES / ".bin" / "esbuild",
        *(source, "--bundle", "--minify", "--target=es2022", "--legal-comments=none"),
        *(f"--outfile={out.resolve()}", "--log-level=warning", *options),
    )
    if done.returncode:
        raise BuildError(f"{source} cannot be bundled.\n{done.stderr}")


def bundle_scripts(out: Path) -> None:
    """Write the page's script, which holds that of its worker. Raises `BuildError`."""
    with tempfile.TemporaryDirectory() as folder:
        reader = Path(folder) / "reader.js"
        bundle(READER, reader, "--format=iife")
        code = json.dumps(reader.read_text(encoding="utf-8"))
    # As a text: the worker starts without a request of its own.
    bundle(SCRIPT, out / "app.js", "--format=iife", f"--banner:js=const READER={code};")


def write_runtime(out: Path) -> None:
    """Write the builds of LiteRT.js, WebAssembly packed, with the licence. Raises `BuildError`."""
    out.mkdir()
    for name, original in BUILDS.items():
        script = LITERT / "wasm" / f"{original}.js"
        done = _run(
            *(MODULES / ".bin" / "esbuild", script, "--minify", "--legal-comments=inline"),
            f"--outfile={(out / f'{name}.js').resolve()}",
        )
        if done.returncode:
            raise BuildError(f"{script.name} cannot be made smaller.\n{done.stderr}")
        wasm = script.with_suffix(".wasm").read_bytes()
        # Packed here, since not every web server packs what it sends. Without a time of day, so
        # that the same file has the same hash.
        (out / f"{name}.wasm.gz").write_bytes(gzip.compress(wasm, 9, mtime=0))
    (out / "LICENSE").write_bytes((STATIC_FOLDER.parent / "LICENSE").read_bytes())
    (out / "NOTICE").write_text(
        "LiteRT.js (@litertjs/core), https://github.com/google-ai-edge/LiteRT\n"
        "Copyright Google LLC. Apache License 2.0: see LICENSE.\n"
        "The scripts were made smaller and the WebAssembly packed; nothing else was changed.\n",
        encoding="utf-8",
    )


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=STATIC_FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "code" in line.lower() or "error" in line.lower()]
    return (errors or lines or ["nothing"])[0]
