"""Results of a benchmark: tables on the terminal and in the docs, all figures in `results/`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe_machine
from flowers.files import write_text

RESULTS = Path(__file__).parent / "results"
"""The figures behind the tables in `docs/`, written together with them."""
TRIED = Path(__file__).parents[1] / "build" / "benchmarks"
"""Those of all other runs."""
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"


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


def write_results(
    name: str,
    text: str,
    document: dict[str, Any],
    packages: Sequence[str],
    folder: Path | None = None,
    docs: bool = False,
) -> None:
    """Print what was measured, with the machine and the versions of `packages`, and save it.

    With `docs`, the text goes into `docs/benchmarks.md`. All figures go to `<name>.json` in
    `folder`: by default `results/` with `docs`, and else one that is not part of the project.
    """
    folder = folder or (RESULTS if docs else TRIED)
    machine = describe_machine(packages)
    text = f"{text}\n\n{machine.sentence()}"
    print(f"\n{text}")
    document = {"machine": asdict(machine), **document}
    write_text(folder / f"{name}.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"\nSaved: {folder}/{name}.json")
    if docs:
        write_docs(name, text)


def write_docs(name: str, text: str, page: Path = DOCS) -> None:
    """Put `text` between the markers `<!-- benchmark:name -->` and `<!-- /benchmark:name -->`.

    Raises ValueError where the page does not have both, once and in this order.
    """
    start, end = f"<!-- benchmark:{name} -->", f"<!-- /benchmark:{name} -->"
    before, opening, rest = page.read_text(encoding="utf-8").partition(start)
    _, closing, after = rest.partition(end)
    if not opening or not closing or start in rest or end in before + after:
        raise ValueError(f"{page.name} is to have {start} and {end} once each, in this order.")
    write_text(page, f"{before}{start}\n{text.strip()}\n{end}{after}")


def with_range(values: Sequence[float], digits: int = 2) -> str:
    """The median and, of several values, the range: `1.52 (1.49 to 1.60)`."""
    middle = f"{median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"
