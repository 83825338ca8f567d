"""Training beside plain Keras: the same photos, split, epochs, batch and seed, in one run.

    python -m benchmarks.training --data flowers --photos 1000

Plain Keras is `model.fit` over the whole network from JPEG files, layers frozen the usual way; this
project is `python -m train fit --views 1`. Each measurement is a process of its own, timed from its
start with nothing but photos on the disk to its end with trained weights and a test accuracy. Runs
of this project, which are short, stand around those of plain Keras, and their median counts. What
is measured is noted at once: the same command goes on where it was stopped.

Without --data, photos are drawn; times mean the same, accuracies nothing, so --docs needs it. The
machine should do nothing else meanwhile.
"""

import argparse
import shutil
import signal
import sys
from pathlib import Path

from benchmarks.report import write_results
from benchmarks.training.data import (
    base_file,
    draw_photos,
    held_out_photos_seen,
    split_photos,
    take_photos,
)
from benchmarks.training.run import Bench, Task
from benchmarks.training.tables import document, terminal, training_text
from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, Backbone, Variant, find_backbone
from flowers.errors import UserError
from train.data.dataset import Dataset
from train.recipe import Recipe

TRAINING_CACHE = Path(__file__).resolve().parents[1] / ".cache" / "training"
TRAINING_PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "numpy", "pillow")
LEAST_OWN_RUNS = 3
BASES = {"imagenet": "ImageNet", "none": "random"}
QUICK = {"photos": 40, "image_size": 96, "epochs": 1, "batch_size": 8}


def training_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, help="folder of class folders with JPEG photos; default drawn ones")
    add(
        "--photos",
        default="1000",
        metavar="N[,KEY=N…]",
        help="how many of them, the same share of every class; also by backbone; default 1000",
    )
    add(
        "--base",
        action="append",
        default=[],
        metavar="KEY=imagenet|none|PATH",
        help="base of a backbone; default imagenet for mobilenetv2, random weights for others",
    )
    add(
        "--only",
        default="mobilenetv2,densenet121",
        metavar="KEY[-VARIANT],…",
        help="rows to measure; default mobilenetv2,densenet121, both variants",
    )
    add("--repeats", type=int, default=1, help="runs of plain Keras for a row; default 1")
    add("--epochs", type=int, default=Recipe().epochs)
    add("--seed", type=int, default=0)
    add(
        "--work",
        type=Path,
        default=TRAINING_CACHE,
        help="for photos, logs and what is measured so far",
    )
    add("--fresh", action="store_true", help="forget what was measured in --work")
    add("--out", type=Path, help="folder for training.json")
    add("--docs", action="store_true", help="also put the tables into docs/benchmarks.md")
    add("--quick", action="store_true", help="one small row on drawn photos, to try it out")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = training_parser()
    given = parser.parse_args(arguments)
    if given.docs and given.data is None:
        parser.error("Accuracies of drawn photos say nothing; --docs needs --data.")
    # As by Ctrl-C: the process that is measured is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = given.work.resolve()
    if given.fresh:
        shutil.rmtree(work, ignore_errors=True)
    try:
        tasks = _tasks(given, work)
        bench = Bench(work)
        rows = [
            bench.row(task, given.repeats, 1 if given.quick else LEAST_OWN_RUNS) for task in tasks
        ]
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        parser.error(str(error))
    recipe = tasks[0].recipe
    page = training_text(rows, recipe, drawn=given.data is None)
    write_results(
        "training", page, document(rows, recipe), TRAINING_PACKAGES, given.out, given.docs
    )
    print(f"\n{terminal(rows)}")
    return 0


def _tasks(given: argparse.Namespace, work: Path) -> list[Task]:
    """The rows that are asked for, with their photos and bases. Raises ValueError and others."""
    chosen = _rows("mobilenetv2-transfer" if given.quick else given.only)
    size = QUICK["image_size"] if given.quick else IMAGE_SIZE
    recipe = Recipe(
        epochs=QUICK["epochs"] if given.quick else given.epochs,
        batch_size=QUICK["batch_size"] if given.quick else Recipe().batch_size,
        seed=given.seed,
        views=1,
    )
    bases = {"mobilenetv2": "imagenet"} | dict(_pair(text) for text in given.base)
    counts = dict(_pair(text) for text in given.photos.split(",") if "=" in text)
    common = [int(text) for text in given.photos.split(",") if "=" not in text] or [1000]
    prepared: dict[int, tuple[Path, Dataset]] = {}
    tasks = []
    for backbone, variant in chosen:
        photos = QUICK["photos"] if given.quick else int(counts.get(backbone.key, common[-1]))
        if photos not in prepared:
            folder = work / f"photos-{photos}"
            if given.data is None or given.quick:
                folder = draw_photos(photos, max(size, 160), given.seed, folder)
            else:
                folder = take_photos(given.data, photos, given.seed, folder)
            prepared[photos] = folder, split_photos(folder, given.seed, size, work)
        folder, dataset = prepared[photos]
        base = "none" if given.quick else bases.get(backbone.key, "none")
        tasks.append(
            Task(
                backbone,
                variant,
                folder,
                dataset,
                base_file(backbone, base, size, work),
                BASES.get(base, "pretrained"),
                held_out_photos_seen(base, dataset),
                size,
                recipe,
            )
        )
    return tasks


def _rows(text: str) -> list[tuple[Backbone, Variant]]:
    rows = []
    for name in text.split(","):
        key, _, wanted = name.partition("-")
        variants = [v for v in VARIANTS if wanted in ("", v)]
        if not variants:
            raise ValueError(f"--only takes {', '.join(VARIANTS)} after a dash. Received: {name}")
        rows += [(find_backbone(key), variant) for variant in variants]
    return rows


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or key not in BACKBONES:
        raise ValueError(f"Use KEY=VALUE, with the key of a backbone. Received: {text!r}")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
