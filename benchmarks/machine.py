"""The machine that a benchmark runs on: what it is, what it could do, and what a process took."""

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from flowers.errors import UserError
from train.processor import processor_name

ROOT = Path(__file__).resolve().parents[1]
MATRIX = 2048
"""Side of the matrices in `matrix_limit`; their product takes some 17 billion operations."""
POLL = 0.05
"""Seconds between two looks at the memory of a process."""


class ProcessError(UserError):
    """A measured command failed. The message says which, and with what."""


@dataclass(frozen=True)
class Machine:
    """Hardware and software, without the names of host and user."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    versions: dict[str, str]
    """Package -> version, of those that are installed."""
    date: str

    def sentence(self) -> str:
        """For people, below a table."""
        packages = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gb:.0f} GB of memory; "
            f"{self.system}, Python {self.python}, {packages}; {self.date}."
        )


def describe_machine(packages: Iterable[str]) -> Machine:
    """Describe this machine, with the versions of `packages` as pip knows them."""
    versions = {}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return Machine(
        processor=processor_name(),
        cores=usable_cores(),
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        system=platform.system(),
        python=platform.python_version(),
        versions=versions,
        date=date.today().isoformat(),
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes; files mapped into it count.

    On Linux not by `getrusage`: its figure starts at the size of the process that forked this one.
    """
    if peak := _memory("self").get("VmHWM"):
        return peak
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def matrix_limit(seconds: float = 2.0) -> float:
    """Floating-point operations per second of the best single-precision matrix product.

    By NumPy's BLAS on all cores, the best of all products within `seconds`: what a network whose
    every layer were one large matrix product could reach.
    """
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((MATRIX, MATRIX), dtype=np.float32) for _ in range(2))
    out = a @ b  # The first one starts the threads.
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * MATRIX**3 / best


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


def run_measured(module: str, *arguments: str, log: Path) -> Usage:
    """Run `python -m module` as a process of its own, watched from outside; output goes to `log`.

    Raises `ProcessError`.
    """
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
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peaks = _watch(process)
        seconds = time.perf_counter() - start
    if process.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ProcessError(
            f"{module} {' '.join(arguments[:1])} failed; see {log}. "
            f"Received: {lines[-1] if lines else process.returncode}"
        )
    used = _children_seconds() - before
    return Usage(seconds, used, peaks.get("VmHWM"), peaks.get("RssAnon"))


def _watch(process: subprocess.Popen) -> dict[str, int]:
    """Wait for a process; return the largest of what `_memory` told meanwhile."""
    peaks: dict[str, int] = {}
    try:
        while process.poll() is None:
            for name, size in _memory(str(process.pid)).items():
                peaks[name] = max(peaks.get(name, 0), size)
            time.sleep(POLL)
    except BaseException:
        process.terminate()  # A benchmark that is stopped leaves nothing running.
        process.wait()
        raise
    return peaks


def _memory(process: str) -> dict[str, int]:
    """`VmHWM`, the peak so far, and `RssAnon` of a process, in bytes; empty where unknown."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {k: int(fields[k].split()[0]) * 1024 for k in ("VmHWM", "RssAnon") if k in fields}


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
