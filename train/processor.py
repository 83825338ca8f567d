"""The processor of this machine, for figures that depend on it."""

import os
import platform
from pathlib import Path


def processor_name() -> str:
    """What the maker calls the processor; where the system tells no name, its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # Only Linux has it.
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def machine_name() -> str:
    """Processor and number of cores."""
    return f"{processor_name()}, {os.cpu_count()} cores"
