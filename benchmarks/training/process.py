"""Runs a command as a process of its own and measures it from outside, whatever it is."""

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POLL = 0.05
"""Seconds between two looks at the memory of the process."""


class ProcessError(RuntimeError):
    """A measured command failed. The message says which, and with what."""


@dataclass(frozen=True)
class Usage:
    """What a process took from its start to its end."""

    seconds: float
    processor_seconds: float
    """Of all its threads, in user and system mode: hardly changed by what else the machine does."""
    peak_bytes: int | None
    """Largest resident memory, files mapped into it included; None where there is no /proc."""
    anonymous_bytes: int | None
    """Largest resident memory less mapped files, which the system can take back at any time."""


def run_measured(command: Sequence[str], log: Path) -> Usage:
    """Run a command in the project's folder, its output going to `log`. Raises `ProcessError`."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    before = _children_seconds()
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        peak, anonymous = _watch(process)
        seconds = time.perf_counter() - start
    if process.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ProcessError(
            f"{' '.join(command[1:4])} failed; see {log}. "
            f"Received: {lines[-1] if lines else process.returncode}"
        )
    return Usage(seconds, _children_seconds() - before, peak, anonymous)


def _watch(process: subprocess.Popen) -> tuple[int | None, int | None]:
    peaks: dict[str, int] = {}
    try:
        while process.poll() is None:
            for name, size in _memory(process.pid).items():
                peaks[name] = max(peaks.get(name, 0), size)
            time.sleep(POLL)
    except BaseException:
        process.terminate()  # A benchmark that is stopped leaves nothing running.
        process.wait()
        raise
    return peaks.get("VmHWM"), peaks.get("RssAnon")


def _memory(pid: int) -> dict[str, int]:
    """`VmHWM`, the peak so far, and `RssAnon` of a process, in bytes; empty where unknown."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines)
    return {f[0][:-1]: int(f[1]) * 1024 for f in fields if f and f[0] in ("VmHWM:", "RssAnon:")}


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
