"""Build the page that runs in the browser alone: `python -m static [--out build/static]`.

It takes its weights from where the app does, FLOWERS_REPO and FLOWERS_REVISION, or FLOWERS_WEIGHTS;
or from the repository of `--repo`, which no folder stands in for when the Hub cannot be reached.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from flowers.backbones import BACKBONES, VARIANTS, Model
from flowers.errors import BuildError, UserError
from flowers.files import sha256_of, write_text
from flowers.models.consensus import NONE_OF_THESE
from flowers.models.shots import MAX_PHOTOS, Shot
from flowers.models.zoo import Zoo
from flowers.page.about import WORTH_KNOWING
from flowers.page.classify import square
from flowers.page.examples import Example, find_examples, sample_batch
from flowers.page.html import render
from flowers.page.pictures import small_photo
from flowers.page.words import SUBTITLE, TITLE, WORDS
from flowers.photos import load_photo
from flowers.weights.folder import CARD, MANIFEST, PUBLISHED, SERVING_FILES
from flowers.weights.source import Source, weights_from_environment
from static.bundle import (
    SERVICE_WORKER,
    STATIC_FOLDER,
    bundle,
    bundle_scripts,
    check_types,
    install,
    write_runtime,
)
from static.export import app_page, style_sheet
from static.site import script_json, site_of

CLONE = STATIC_FOLDER.parent
DEFAULT_OUT = CLONE / "build" / "static"
DESCRIPTION = f"{SUBTITLE} All in this browser alone."
APP_ONLY = (
    "Zips, HEIC in every browser, training on photos of your own, and answers to "
    "programs are left to the app, which needs Python: see the README of the project."
)
BUTTONS = ("theme-switch", "batch-start", "batch-sample", "batch-stop")
"""Of the app, whose words stand on the same ones here."""
STATIC_THUMBNAIL = 144
"""Side of an example to choose, in pixels."""
WORKER_FILE = "sw.js"
"""Is in every build; a folder without it holds something else."""


def build_site(out: Path, source: Source | None = None) -> None:
    """Write the page to `out`, in the place of an earlier build. Raises `UserError`.

    Without a `source` the environment says where the weights come from.
    """
    check_out(out)
    install()
    check_types()
    zoo = Zoo(source or weights_from_environment())
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".static-") as partial:
        folder = Path(partial) / "page"
        folder.mkdir()
        bundle_scripts(folder)
        write_runtime(folder / "runtime")
        write_weights(zoo, folder / "weights")
        write_page(zoo, folder)
        write_service_worker(folder)
        if out.exists():
            out.rename(Path(partial) / "before")
        folder.rename(out)


def check_out(out: Path) -> None:
    """See that nothing but an earlier build would be replaced. Raises `BuildError`."""
    if not out.exists() or (out / WORKER_FILE).is_file():
        return
    if not out.is_dir() or any(out.iterdir()):
        raise BuildError(
            f"{out} is not an earlier build of the page, and would be deleted; give --out a new "
            "or an empty folder."
        )


def write_weights(zoo: Zoo, out: Path) -> None:
    """Copy what serving needs of the weights folder, checked, as it lies there."""
    root = zoo.source.root
    out.mkdir()
    for name in (CARD, PUBLISHED, MANIFEST):
        if (root / name).is_file():
            shutil.copyfile(root / name, out / name)
    for key, entry in zoo.entries().items():
        if not entry.available:
            continue
        folder = zoo.source.fetch(key).path.parent
        (out / key).mkdir()
        for name in SERVING_FILES:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, out / key / name)


def write_page(zoo: Zoo, out: Path) -> None:
    """Write the page itself: HTML, style sheet, examples, icons, and what makes it installable."""
    page = app_page(zoo)
    comparison = page.tab("comparison")
    known, others = find_examples(zoo.source.root, zoo.classes())
    samples = sample_batch(zoo.classes()).shots
    _write_examples([*known, *others], out / "examples")
    _write_samples(samples, out / "samples")
    boxes = page.checkboxes()
    choice = [
        # A place in the page is named "pick-backbones-vgg16".
        {**box, "key": box["elem_id"].rsplit("-", 1)[-1], "long": "long" in box["elem_classes"]}
        for box in boxes
    ]
    environment = Environment(loader=FileSystemLoader(STATIC_FOLDER), autoescape=True)
    html = environment.get_template("index.html").render(
        title=TITLE,
        description=DESCRIPTION,
        masthead=page.styled("masthead"),
        tabs=page.tabs().items(),
        words=WORDS,
        labels={name: page.label(name) for name in BUTTONS},
        known=WORTH_KNOWING,
        backbones=[box for box in choice if box["key"] in BACKBONES],
        variants=[box for box in choice if box["key"] in VARIANTS],
        examples=render("examples.html", known=_thumbnails(known), others=_thumbnails(others)),
        no_photo=page.text("answer"),
        comparison=comparison,
        filters=render("filters.html", models=_models(zoo)),
        opened=render(
            "opened.html",
            number=0,
            photo="",
            labels=[*zoo.classes(), NONE_OF_THESE],
            picture="",
            maps="",
            answer="",
        ),
        weights=page.text("weights"),
        most_photos=MAX_PHOTOS,
        app_only=APP_ONLY,
        site=script_json(site_of(zoo, known, others, samples)),
    )
    write_text(out / "index.html", html)
    figures = {"figures": page.figures, "choices": page.choices}
    write_text(out / "comparison.json", json.dumps(figures, ensure_ascii=False))
    write_text(
        out / "style.css", style_sheet((STATIC_FOLDER / "style.css").read_text(encoding="utf-8"))
    )
    shutil.copytree(STATIC_FOLDER / "icons", out / "icons")
    shutil.copyfile(CLONE / "NOTICE", out / "NOTICE")
    manifest = {
        "name": TITLE,
        "short_name": "Flowers",
        "description": DESCRIPTION,
        "start_url": ".",
        "scope": ".",
        "display": "standalone",
        "background_color": "#fbfaf8",
        "theme_color": "#0f766e",
        "icons": [
            {"src": f"icons/{side}.png", "sizes": f"{side}x{side}", "type": "image/png"}
            for side in (192, 512)
        ],
    }
    write_text(out / "manifest.webmanifest", json.dumps(manifest, indent=1) + "\n")


def write_service_worker(out: Path) -> None:
    """Write the service worker, which lists what it keeps; last, since it knows all hashes."""
    files = {
        path.relative_to(out).as_posix(): sha256_of(path)
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.is_relative_to(out / "weights")
    }
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    # The builds of LiteRT.js are kept when one of them is first used, the weights under their hash.
    kept = [name for name in files if not name.startswith(("runtime/", "examples/", "samples/"))]
    kept = ["./" if name == "index.html" else name for name in kept]
    bundle(
        SERVICE_WORKER,
        out / WORKER_FILE,
        "--format=iife",
        f"--banner:js=const KEPT={json.dumps(kept)},VERSION={json.dumps(version)};",
    )


def _write_examples(examples: Sequence[Example], out: Path) -> None:
    """Write the photos."""
    out.mkdir()
    for example in examples:
        shutil.copyfile(example.path, out / example.path.name)


def _write_samples(samples: Sequence[Shot], out: Path) -> None:
    """Write the photos of a batch, in their folders."""
    for shot in samples:
        path = out / shot.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shot.read())


def _thumbnails(examples: Sequence[Example]) -> list[tuple[Example, str]]:
    """What is shown of each to choose it: within the page, which saves a request for each."""
    side = STATIC_THUMBNAIL
    return [(e, small_photo(square(load_photo(e.path, at_least=side)), side)) for e in examples]


def _models(zoo: Zoo) -> list[Model]:
    """All that have weights here."""
    return [(key, v) for key, entry in zoo.entries().items() if entry.available for v in VARIANTS]


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        help="the folder to write; an earlier build there is replaced as a whole",
    )
    parser.add_argument("--repo", metavar="USER/REPO", help="take the weights from the Hub")
    parser.add_argument("--revision", help="with --repo: tag, branch or hash; default: main")
    options = parser.parse_args(arguments)
    if options.revision and not options.repo:
        parser.error("--revision needs --repo USER/REPO")
    try:
        source = Source.of_hub(options.repo, options.revision) if options.repo else None
        build_site(options.out, source)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {size / 1e6:.0f} MB; put it on any web server.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
