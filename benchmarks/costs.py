"""What much work costs, worked out from what `benchmarks.serving` measured; writes docs/costs.md.

python -m benchmarks.costs
"""

import json
from math import ceil
from pathlib import Path
from statistics import median

from benchmarks.report import RESULTS, Table, write_docs

COSTS_PAGE = Path(__file__).parents[1] / "docs" / "costs.md"
PHOTOS = (10_000, 1_000_000, 100_000_000)
REQUESTS = (1, 10, 1_000)
BUSY = 0.7
"""Share of the time that a process for visitors is meant to work; beyond it waiting grows fast."""
NAME_BYTES = 450
"""What the process that hands photos out holds for each: name, path, size, date and sha256, by the
sizes of Python's objects (`sys.getsizeof`)."""


def main() -> None:
    """Write the tables."""
    write_docs(
        "costs", costs_text(json.loads((RESULTS / "serving.json").read_text("utf-8"))), COSTS_PAGE
    )
    print(f"Written: {COSTS_PAGE}")


def costs_text(serving: dict) -> str:
    """The tables and where each figure comes from."""
    runs, cores = serving["measured"]["int8"], serving["machine"]["cores"]
    batch = serving["batch"] / median(run["batch"] for run in runs)
    per_core = batch / cores
    warm = median(seconds for run in runs for seconds in run["warm"])
    memory = median(run["memory_batch"] for run in runs) / 1e6
    start = median(run["all"] for run in runs)
    download = serving["costs"]["int8"]["download"] / 1e6
    decoded = 3 * serving["image_size"] ** 2
    photos = Table(
        ["photos", "core hours", "on 2 cores", "on 1,000 cores", "decoded, GB", "names, GB"],
        [
            [
                f"{n:,}",
                f"{n / per_core / 3600:,.1f}",
                _time(n / per_core / 2),
                _time(n / per_core / 1000),
                f"{n * decoded / 1e9:,.1f}",
                f"{n * NAME_BYTES / 1e9:,.2f}",
            ]
            for n in PHOTOS
        ],
    )
    share = BUSY / warm
    requests = Table(
        ["requests/s", f"processes of {cores} cores", "cores", "memory, GB", "weights sent, GB"],
        [
            [
                f"{n:,}",
                f"{(processes := ceil(n / share)):,}",
                f"{processes * cores:,}",
                f"{processes * memory / 1e3:,.1f}",
                f"{processes * download / 1e3:,.1f}",
            ]
            for n in REQUESTS
        ],
    )
    return (
        f"{photos.markdown()}\n\n{requests.markdown()}\n\n"
        f"All six backbones, both variants, int8. From "
        f"[serving](benchmarks.md#serving), {serving['machine']['processor']} with {cores} cores, "
        f"{serving['machine']['date']}: {batch:.1f} photos/s in batches on {cores} cores, so "
        f"{per_core:.1f} per core; {1000 * warm:.0f} ms for one photo on {cores} cores, so "
        f"{share:.1f} requests/s per process that works {BUSY:.0%} of the time; {memory:.0f} MB "
        f"per process; {download:.0f} MB of weights; {start:.1f} s from start to all models. "
        f"Decoded: {decoded:,} bytes per photo, as `fit` keeps them. Names: about {NAME_BYTES} "
        f"bytes per photo in the process that hands photos out, worked out and not measured. "
        f"That throughput grows with the cores, as the tables have it, was measured up to "
        f"{cores} cores only, and it is that of the models: the page's own work comes on top."
    )


def _time(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    main()
