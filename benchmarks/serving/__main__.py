"""Serving beside plain Keras, in one run.

    python -m benchmarks.serving

First, once and not timed, makes the files of every row below `.cache/`: six backbones with both
variants as plain Keras models and as this project's artifacts. Weights are random unless
`--weights` has trained ones: speed does not depend on their values, but for which layers of an
int8 artifact stay in float. Delete `.cache/` after a change to the networks or to the conversion.

Then every row is measured in processes of its own, row after row, several times over; medians and
their range are printed and saved. The machine should do nothing else meanwhile.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.report import write_results
from benchmarks.serving.accuracy import check_accuracy
from benchmarks.serving.rows import ROWS
from benchmarks.serving.run import Plan, run
from benchmarks.serving.tables import Findings
from flowers.backbones import BACKBONES, IMAGE_SIZE
from flowers.errors import UserError

SERVING_CACHE = Path(__file__).resolve().parents[1] / ".cache"
QUICK_SIZE = 96
SERVING_PACKAGES = ("tensorflow", "keras", "ai-edge-litert", "numpy")


def serving_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--repeats", type=int, default=3, help="how often every row is measured; default 3")
    add("--backbones", type=_some_of(BACKBONES), default=tuple(BACKBONES), help="default all")
    add("--rows", type=_some_of(ROWS), default=tuple(ROWS), help=f"among {','.join(ROWS)}")
    add("--weights", type=Path, help="weights folder with Keras weights to use where it has them")
    add("--cache", type=Path, default=SERVING_CACHE, help="keeps what the set-up makes")
    add("--out", type=Path, help="folder for serving.json")
    add("--docs", action="store_true", help="also put the tables into docs/benchmarks.md")
    add("--setup", action="store_true", help="only make the files, measure nothing")
    add("--quick", action="store_true", help="MobileNetV2 alone, small and once, to try it out")
    add(
        "--accuracy",
        action="store_true",
        help="instead, what int8 costs: artifacts against Keras on the test photos of --weights",
    )
    add("--data", type=Path, help="for --accuracy: the photos that --weights were trained on")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = serving_parser()
    given = parser.parse_args(arguments)
    if given.repeats < 1:
        parser.error(f"--repeats is at least 1. Received: {given.repeats}")
    try:
        if given.accuracy:
            if given.weights is None or given.data is None:
                parser.error("--accuracy needs --weights and --data.")
            name = "accuracy"
            text, document = check_accuracy(given.weights, given.data)
        else:
            found = _measure(given)
            if found is None:
                return 0
            name, text, document = "serving", found.text(), found.document()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_results(name, text, document, SERVING_PACKAGES, given.out, given.docs)
    return 0


def _measure(given: argparse.Namespace) -> Findings | None:
    plan = Plan(
        backbones=("mobilenetv2",) if given.quick else given.backbones,
        rows=given.rows,
        repeats=1 if given.quick else given.repeats,
        image_size=QUICK_SIZE if given.quick else IMAGE_SIZE,
        weights=given.weights,
        cache=given.cache.resolve(),
        warm=1 if given.quick else 3,
        each=1 if given.quick else 2,
        batch=8 if given.quick else 64,
        rehearse=not given.quick,
    )
    plan.set_up()
    if given.setup:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        return run(plan, Path(scratch))


def _some_of(names: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    known = list(names)

    def parse(text: str) -> tuple[str, ...]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"use {','.join(known)}, separated by commas. Received: {name!r}"
                )
        return tuple(name for name in known if name in chosen)

    return parse


if __name__ == "__main__":
    sys.exit(main())
