"""Which names are left aside when photos are looked for: the same in both editions."""

from pathlib import Path, PurePosixPath

from flowers.folders.aside import SYSTEM_NAMES, THUMBNAILS, kind_by_path
from static.site import aside_names
from tests.static.node import ask_node, node_program

PROGRAM = """
import { isAside } from %s;
import { readFileSync } from "node:fs";
const { names, paths } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(paths.map((path) => isAside(path, names))));
"""
MADE = sorted(SYSTEM_NAMES | THUMBNAILS)
"""By systems and programs, not by people."""
NAMES = [
    *(spelt(name) for name in MADE for spelt in (str.lower, str.upper, str.title)),
    *(around for name in MADE for around in (f"{name}2", f"my {name}", f"{name} ")),
    *(".hidden", "._1.jpg", ".DS_Store", "...", "__MACOSX_old", "rose", "Thumb", "thumbs.jpg"),
    *("rose.thumbs", "Icon", "icon\r\n", "eaDir", "ТЕНЬ", "größe"),
]


def test_the_same_names_are_left_aside_in_both(tmp_path: Path, node_packages: None) -> None:
    program = node_program(PROGRAM, ["aside.ts"], tmp_path)
    places = ("{}", "{}/1.jpg", "rose/{}", "garden/{}/rose/1.jpg")
    paths = [place.format(name) for name in NAMES for place in places]
    found = dict(zip(paths, ask_node(program, names=aside_names(), paths=paths), strict=True))
    assert found == {path: kind_by_path(PurePosixPath(path)) is not None for path in paths}
    left = [name for name in MADE if found[f"rose/{name.upper()}"]]
    assert left == MADE
    assert not any(found[f"my {name}/1.jpg"] for name in MADE)
