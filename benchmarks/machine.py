"""The machine that a benchmark runs on: what it is, and what it could do at best."""

import os
import platform
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

MATRIX = 2048
"""Side of the matrices in `matrix_limit`; their product takes some 17 billion operations."""


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
        processor=_processor(),
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
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def matrix_limit(seconds: float = 2.0) -> float:
    """Floating-point operations a second of the best single-precision matrix product.

    By NumPy's BLAS on all cores, repeated for so many seconds: what a network whose every layer
    were one large matrix product could reach.
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


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
