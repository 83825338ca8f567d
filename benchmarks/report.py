"""Results of a benchmark as tables: on the terminal, in `results/`, and in the README."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe_machine
from flowers.files import write_text

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent.parent / "README.md"


@dataclass(frozen=True)
class Table:
    """Text in rows and columns; the first column is left-aligned, the others right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"A row has one cell for each of {len(self.columns)} columns. "
                    f"Received: {list(row)}"
                )

    def markdown(self) -> str:
        """The table in Markdown, with columns in line, so that it reads well on a terminal too."""
        lines = [list(self.columns), *(list(row) for row in self.rows)]
        widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(self.columns))]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines.insert(1, rule)
        return "\n".join(
            "| "
            + " | ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            + " |"
            for line in lines
        )


def publish(
    name: str,
    text: str,
    document: dict[str, Any],
    packages: Sequence[str],
    folder: Path = RESULTS,
    readme: str | None = None,
) -> None:
    """Print what was measured and save it, with the machine and the versions of `packages`.

    `readme`, the text or a shorter form of it, goes into the README.
    """
    machine = describe_machine(packages)
    ending = f"\n\n{machine.sentence()}"
    print(f"\n{text}{ending}")
    save(name, {"machine": asdict(machine), **document}, text + ending, folder)
    print(f"\nSaved: {folder}/{name}.md and .json")
    if readme is not None:
        write_readme(name, readme + ending)


def save(name: str, document: dict[str, Any], text: str, folder: Path = RESULTS) -> None:
    """Write `<name>.json`, with all that was measured, and `<name>.md`, whole or not at all."""
    write_text(folder / f"{name}.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / f"{name}.md", text.rstrip() + "\n")


def write_readme(name: str, text: str, readme: Path = README) -> None:
    """Put `text` between the markers `<!-- benchmark:name -->` and `<!-- /benchmark:name -->`.

    Raises ValueError where the file does not have both, once and in this order.
    """
    start, end = f"<!-- benchmark:{name} -->", f"<!-- /benchmark:{name} -->"
    old = readme.read_text(encoding="utf-8")
    new, found = re.subn(
        f"{re.escape(start)}.*?{re.escape(end)}",
        lambda _: f"{start}\n{text.strip()}\n{end}",
        old,
        flags=re.DOTALL,
    )
    if found != 1 or old.count(start) != 1 or old.count(end) != 1:
        raise ValueError(f"{readme.name} is to have {start} and {end} once each, in this order.")
    write_text(readme, new)


def with_range(values: Sequence[float], digits: int = 2) -> str:
    """The median and, of several values, the range: `1.52 (1.49 to 1.60)`."""
    middle = f"{median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"
