"""The app before crowds, on this machine alone.

    python -m benchmarks.load [--quick] [--docs]

Starts `python app.py` on a free port of the loopback and tries: users with photos of their own,
memory over many calls, large photos at once, a flood of calls that nobody listens to. About ten
minutes; every trial is bounded in calls. Answers are compared with those that the same weights give
in this process.
"""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.load.served import served
from benchmarks.load.trials import flood, large_files, many_calls, many_users
from benchmarks.report import Table, write_results
from flowers.errors import UserError
from flowers.weights.source import DEFAULT_FOLDER

LOAD_PACKAGES = ("gradio", "ai-edge-litert", "pillow", "numpy")
GROWTH, PEAK, BACK = 0.10, 1.5e9, 5.0
"""What is to be reached: share of growth, bytes, seconds."""


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="has MobileNetV2")
    parser.add_argument("--out", type=Path, help="folder for load.json")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--photos", type=int, default=20, help="of each of the 50 users")
    parser.add_argument("--calls", type=int, default=5_000, help="over which memory is watched")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    given = parser.parse_args(arguments)
    share = 10 if given.quick else 1
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            served(given.weights.resolve(), Path(folder)) as app,
        ):
            users = many_users(app, given.weights, 50 // share, given.photos)
            print(users, flush=True)
            calls = many_calls(app, given.calls // share)
            print(calls, flush=True)
            large = large_files(app, 25)
            print(large, flush=True)
            flooded = flood(app, 2_100 // share)
            print(flooded, flush=True)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    good = users.lost + users.swapped + calls.lost + large.lost == 0
    table = Table(
        ["trial", "aim", "here", "reached"],
        [
            _row(
                f"{users.sent:,} photos of {users.sent // given.photos} users: lost, swapped",
                "0, 0",
                f"{users.lost}, {users.swapped}",
                users.lost + users.swapped == 0,
            ),
            _row(
                f"{calls.sent:,} calls: growth of memory after the first tenth",
                f"under {GROWTH:.0%}",
                f"{calls.growth():.1%}",
                calls.growth() < GROWTH,
            ),
            _row(
                f"{large.sent} photos of 49 megapixels at once: peak memory, MB",
                f"under {PEAK / 1e6:,.0f}",
                f"{large.peak / 1e6:,.0f}",
                large.peak < PEAK,
            ),
            _row(
                f"{flooded.sent:,} calls nobody listens to: s until a normal answer",
                f"under {BACK:.0f}",
                f"{flooded.answer_after:.1f}",
                flooded.healthy and flooded.answer_after < BACK,
            ),
        ],
    )
    text = (
        f"{table.markdown()}\n\n"
        f"Users: all at once, /classify with MobileNetV2, both variants; half of the answers "
        f"within {users.percentile(50):.2f} s, 95 % within {users.percentile(95):.2f} s. Memory: "
        f"{calls.memory[0][1] / 1e6:.0f} MB after {calls.memory[0][0]:,} calls, "
        f"{calls.memory[-1][1] / 1e6:.0f} MB after all; {calls.lost} lost. Large photos: "
        f"{large.before / 1e6:.0f} MB before, {large.after / 1e6:.0f} MB after, all answered in "
        f"{large.seconds:.0f} s, {large.lost} lost. Flood: {flooded.taken} taken, "
        f"{flooded.turned_away:,} told that the app is busy, in {flooded.seconds:.0f} s. Sender "
        "and app share one machine, which did other work meanwhile: read times as ratios."
    )
    document = {
        "users": {**asdict(users), "seconds": [round(s, 3) for s in users.seconds]},
        "calls": asdict(calls),
        "large_files": asdict(large),
        "flood": asdict(flooded),
    }
    write_results("load", text, document, LOAD_PACKAGES, given.out, given.docs)
    return 0 if good else 1


def _row(trial: str, aim: str, here: str, reached: bool) -> list[str]:
    return [trial, aim, here, "yes" if reached else "no"]


if __name__ == "__main__":
    sys.exit(main())
