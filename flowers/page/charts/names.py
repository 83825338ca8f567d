"""Where the names of points stand in a chart, so that on a phone none covers another."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

WIDTH = 280
"""Pixels of the plot on a phone; on a larger screen all is farther apart."""
LETTER, LINE, MARK = 7.2, 16, 12
"""Pixels of a letter's width, a line's height and a marker at the size of the charts' texts."""
PLACES = [
    f"{row} {column}" for row in ("top", "bottom") for column in ("center", "left", "right")
] + ["middle left", "middle right"]
"""As Plotly names them, the usual ones first."""

_T = TypeVar("_T", bound=Hashable)


class Box(NamedTuple):
    """A rectangle in pixels, from the lower left corner of the plot."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether they share more than a border."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def place_names(
    names: Mapping[_T, str], points: Mapping[_T, tuple[float, float]], height: int
) -> dict[_T, str]:
    """Plotly's text position of each name, beside its point; the highest points choose first.

    `points` are shares of the plot's width and height, 0 to 1; some may have no name. The plot is
    `height` pixels high, and a name stays within it. Where there is no free place it covers a mark
    rather than another name.
    """
    centres = {key: (x * WIDTH, y * height) for key, (x, y) in points.items()}
    marks = {key: _around(*centre, MARK, MARK) for key, centre in centres.items()}
    placed: dict[_T, str] = {}
    taken: list[Box] = []
    for key in sorted(names, key=lambda key: -points[key][1]):
        others = [mark for other, mark in marks.items() if other != key]
        boxes = {place: _box(*centres[key], names[key], place) for place in PLACES}
        # Of equally good places the first one.
        placed[key] = min(boxes, key=lambda place: _faults(boxes[place], height, taken, others))
        taken.append(boxes[placed[key]])
    return placed


def _faults(box: Box, height: int, names: list[Box], marks: list[Box]) -> tuple[bool, int, int]:
    """What speaks against a place, the worst first."""
    outside = box.left < 0 or box.right > WIDTH or box.bottom < 0 or box.top > height
    return outside, sum(map(box.meets, names)), sum(map(box.meets, marks))


def _around(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _box(x: float, y: float, name: str, place: str) -> Box:
    """What a name covers at a place beside the point at x and y."""
    row, column = place.split()
    width = LETTER * len(name)
    if column != "center":
        gap = width / 2 + (MARK / 2 if row == "middle" else 0)
        x += gap if column == "right" else -gap
    if row != "middle":
        y += (MARK + LINE) / 2 * (1 if row == "top" else -1)
    return _around(x, y, width, LINE)
