"""Measure six small trainings on 1, 2 and 4 workers, and `predict` beside a plain loop.

A worker is a node of a Ray cluster with one core, and all are on this machine: more workers than it
has cores show what that costs. The machine should do nothing else meanwhile.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import ROOT, Usage, run_measured
from benchmarks.report import Table, write_results
from benchmarks.training.data import draw_photos
from flowers.errors import UserError

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
PACKAGES = ("ray", "tensorflow", "keras", "ai-edge-litert", "numpy", "pillow")
JOBS = 6
WORKERS = (1, 2, 4)
EMPTY_TASKS = 500
WEIGHTS = ROOT / "weights"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", type=int, default=1000, help="for predict; default 1000")
    parser.add_argument("--epochs", type=int, default=3, help="of each training; default 3")
    parser.add_argument("--out", type=Path, help="folder for cluster.json")
    parser.add_argument("--docs", action="store_true", help="also into docs/benchmarks.md")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            measured = measure_cluster(Path(folder), given.photos, given.epochs)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    text = tables(measured, given.photos, given.epochs)
    document = {"photos": given.photos, "epochs": given.epochs, "measured": measured}
    write_results("cluster", text, document, PACKAGES, given.out, given.docs)
    return 0


def measure_cluster(work: Path, photos: int, epochs: int) -> dict[str, dict]:
    """Seconds of every row by its name, and of one empty task by the number of workers."""
    few = draw_photos(120, 96, 0, work / "few")
    many = draw_photos(photos, 480, 0, work / "many")
    found: dict[str, dict] = {"fit here": asdict(_fit(work, few, epochs))}
    asked = ("predict", "--data", str(many), "--weights", str(WEIGHTS))
    found["loop"] = asdict(
        run_measured("benchmarks.cluster.loop", str(many), str(WEIGHTS), log=work / "log")
    )
    found["predict here"] = asdict(_train(work, *asked))
    for workers in WORKERS:
        with cluster(workers) as address:
            found[f"task {workers}"] = {"seconds": _empty_task(address)}
            found[f"fit {workers}"] = asdict(_fit(work, few, epochs, "--cluster", address))
            found[f"predict {workers}"] = asdict(_train(work, *asked, "--cluster", address))
    return found


def _fit(work: Path, photos: Path, epochs: int, *more: str) -> Usage:
    options = ["--base", "none", "--image-size", "96", "--views", "1", "--batch-size", "8"]
    options += ["--seeds", str(JOBS), "--epochs", str(epochs), "--no-export"]
    return _train(work, "fit", "--data", str(photos), *options, *more)


def _train(work: Path, *arguments: str) -> Usage:
    print(" ".join(arguments[:1] + arguments[-2:]), "...", end=" ", flush=True)
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    usage = run_measured("train", *arguments, "--out", str(out), log=work / "log")
    print(f"{usage.seconds:.0f} s", flush=True)
    return usage


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A Ray cluster of several nodes of one core on this machine; gives its address."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 200_000_000}
    made = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(workers - 1):
            made.add_node(**node)
        yield made.address
    finally:
        made.shutdown()


def _empty_task(address: str) -> float:
    """Seconds for each of many tasks that do nothing, once the workers run."""
    import ray

    ray.init(address=address, log_to_driver=False)
    try:
        task = ray.remote(_nothing)
        ray.get([task.remote() for _ in range(20)])
        start = time.perf_counter()
        ray.get([task.remote() for _ in range(EMPTY_TASKS)])
        return (time.perf_counter() - start) / EMPTY_TASKS
    finally:
        ray.shutdown()


def _nothing() -> None:
    pass


def tables(measured: dict[str, dict], photos: int, epochs: int) -> str:
    """What the page shows."""
    here = measured["fit here"]["seconds"]
    rows = [["fit, one process", f"{here:.0f}", "1", "–"]]
    for workers in WORKERS:
        seconds = measured[f"fit {workers}"]["seconds"]
        task = f"{1000 * measured[f'task {workers}']['seconds']:.1f}"
        rows.append([f"fit --cluster, {workers}", f"{seconds:.0f}", f"{here / seconds:.2f}", task])
    fits = Table([f"{JOBS} trainings", "s", "times as fast", "ms per empty task"], rows)
    loop = measured["loop"]["seconds"]
    names = {"loop": "plain loop", "predict here": "predict"}
    names |= {f"predict {workers}": f"predict --cluster, {workers}" for workers in WORKERS}
    speeds = [
        [name, f"{photos / measured[key]['seconds']:.1f}", f"{loop / measured[key]['seconds']:.2f}"]
        for key, name in names.items()
    ]
    asked = Table([f"{photos:,} photos", "photos/s", "times as fast"], speeds)
    return (
        f"{fits.markdown()}\n\n{asked.markdown()}\n\n"
        f"MobileNetV2 with {JOBS} seeds on 120 drawn photos of 96 px, {epochs} epochs of each "
        f"variant, random base, without export. Photos of 480 px, drawn, and the models of "
        f"`weights/`. Whole commands, start included. The number behind --cluster is that of "
        f"workers: nodes of one core each, all on this machine."
    )


if __name__ == "__main__":
    sys.exit(main())
