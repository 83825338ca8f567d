"""The Classify tab: one photo, every chosen model, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import gradio as gr
from markupsafe import Markup
from PIL import Image, ImageOps

from flowers.errors import PhotoError, UploadError
from flowers.models.zoo import Zoo
from flowers.page.examples import Example, find_examples
from flowers.page.html import message, render, script
from flowers.page.limits import PREDICT, PREVIEW, THUMBNAIL
from flowers.page.one_photo import PhotoAnswer, photo_answers
from flowers.page.picker import Picker, backbone_box, picker, without
from flowers.page.pictures import data_uri
from flowers.page.requests.calls import field_of
from flowers.page.requests.uploads import uploaded
from flowers.page.words import WORDS
from flowers.photos import SUFFIXES, load_photo


@dataclass(frozen=True)
class Shown:
    """What stands in the photo's place."""

    path: str | None = None
    picture: str = ""
    """Data URI, upright and in a format that every browser can show."""
    shows: str = ""
    example: Example | None = None
    problem: str = ""
    """One sentence that says why there is no photo."""
    ticket: str = field(default_factory=lambda: uuid4().hex)
    """Never the same twice, so that a photo chosen anew is read anew."""


def classify_tab(zoo: Zoo, page: gr.Blocks) -> None:
    """Lay out the tab, and wire what happens when the page opens."""
    known, others = find_examples(zoo.source.root, zoo.classes())
    by_name = {example.name: example for example in [*known, *others]}
    current = gr.State(Shown())
    focus = gr.State("")
    with gr.Row(elem_id="classify"):
        with gr.Column(elem_id="photo-column"):
            photo = gr.HTML(photo_html(zoo, Shown()), js_on_load=script("photo"), elem_id="photo")
        with gr.Column(elem_id="answer-column"):
            answer = gr.HTML(render("no_photo.html"), js_on_load=script("answer"), elem_id="answer")
        with gr.Column(elem_id="choice-column"):
            gallery = gr.HTML(
                render("examples.html", known=_pictures(known), others=_pictures(others)),
                js_on_load=script("examples"),
                elem_id="examples",
            )
            choice = picker(zoo, "pick")
            share = gr.Button("Copy link", size="sm", elem_id="copy-link")
    restore = gr.Button("Restore", visible="hidden", elem_id="restore")
    query, kept = gr.Textbox(visible=False), gr.JSON(visible=False)

    superseded: set[str] = set()
    """Sessions that were shown another photo while one was being read."""

    def read(
        request: gr.Request, shown: Shown, name: str, *boxes: bool
    ) -> Iterator[dict[Any, Any]]:
        session = str(request.session_hash)
        superseded.discard(session)
        for found in answers(zoo, shown, *choice.split(boxes), name):
            yield {answer: found.html(), **without(zoo, choice, found.failed)}
            if session in superseded:
                break

    def show(request: gr.Request, shown: Shown) -> dict[Any, Any]:
        superseded.add(str(request.session_hash))
        return {photo: photo_html(zoo, shown), current: shown, focus: ""}

    def show_upload(request: gr.Request, before: Shown, event: gr.EventData) -> dict[Any, Any]:
        """A photo that cannot be read does not take the place of the one that is shown."""
        shown = uploaded_photo(field_of(event, "path", str))
        if shown.problem and before.path is not None:
            return {
                photo: photo_html(zoo, replace(before, problem=shown.problem, ticket=shown.ticket))
            }
        return show(request, shown)

    def show_example(request: gr.Request, event: gr.EventData) -> dict[Any, Any]:
        return show(request, example_photo(by_name.get(field_of(event, "example", str))))

    def show_focus(event: gr.EventData) -> str:
        return str(field_of(event, "focus", str))

    def opened(request: gr.Request, query: str | None, kept: Any) -> dict[Any, Any]:
        """What an address shows; without an example or a photo in it, the first example."""
        wanted = dict(parse_qsl((query or "").lstrip("?"), keep_blank_values=True))
        if isinstance(kept, dict):
            shown = uploaded_photo(kept.get("path"))
        else:
            named = by_name.get(wanted.get("example", ""))
            shown = example_photo(named or next(iter(known), None))
        return {**chosen_boxes(zoo, choice, wanted), **show(request, shown)}

    hidden: dict[str, Any] = {"api_visibility": "private"}
    # Through the queue, since Gradio tells of a changed state only there.
    showing: dict[str, Any] = {**hidden, "queue": True, "show_progress": "hidden"}
    place = [photo, current, focus]

    # All choices count, since a deferred one would lose what was chosen.
    photo.upload(show_upload, current, place, trigger_mode="multiple", **showing)
    gallery.select(show_example, None, place, trigger_mode="multiple", **showing)
    answer.select(show_focus, None, focus, trigger_mode="multiple", **showing)
    # Only this writes the answer, one photo at a time, and the last photo and choice win: so the
    # answer is always to the photo that is shown.
    gr.on(
        [current.change, focus.change, *[box.input for box in choice.boxes]],
        read,
        [current, focus, *choice.boxes],
        [answer, *choice.backbones.values()],
        trigger_mode="always_last",
        show_progress="hidden",
        **hidden,
        **PREDICT,
    )
    share.click(None, js=script("copy"), **hidden)
    for reopened in (page.load, restore.click):
        reopened(
            opened,
            [query, kept],
            [*place, *choice.boxes],
            js="() => window.flowersAddress.restore()",
            # After two quick steps back, the second page counts, not the first.
            trigger_mode="always_last",
            **showing,
        )


def uploaded_photo(path: Any) -> Shown:
    """What is shown of a file that was uploaded."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    try:
        (found,) = uploaded([file])
        return Shown(str(found), data_uri(preview(found), "JPEG"), "Your photo")
    except (PhotoError, UploadError) as error:
        return Shown(problem=str(error))


def example_photo(example: Example | None) -> Shown:
    """What is shown of an example; nothing for None."""
    if example is None:
        return Shown()
    return Shown(str(example.path), data_uri(preview(example.path), "JPEG"), example=example)


def photo_html(zoo: Zoo, shown: Shown) -> Markup:
    """The place of the photo, with the ways to put another there."""
    example = shown.example
    return render(
        "photo.html",
        photo=shown.picture,
        shows=example.shows if example else shown.shows,
        credit=example.credit if example else None,
        address=example.address if example else None,
        note=example.note if example else None,
        problem=shown.problem if shown.path else "",
        ticket=shown.ticket,
        side=2 * zoo.detail(),
        accept=",".join(["image/*", *sorted(SUFFIXES)]),
    )


def _pictures(examples: list[Example]) -> list[tuple[Example, str]]:
    return [(e, data_uri(square(preview(e.path, THUMBNAIL)), "JPEG")) for e in examples]


def square(image: Image.Image) -> Image.Image:
    """The middle of a photo."""
    return ImageOps.fit(image, (min(image.size),) * 2)


def preview(path: Path, side: int = PREVIEW) -> Image.Image:
    """A photo no larger than `side`. Raises `PhotoError`."""
    image = load_photo(path, at_least=side)
    image.thumbnail((side, side))
    return image


def answers(
    zoo: Zoo, shown: Shown, backbones: list[str], variants: list[str], focus: str = ""
) -> Iterator[PhotoAnswer]:
    """Yield the answer to a photo again and again, growing with every backbone that has read it."""
    if shown.path is None:
        if shown.problem:
            problem = message(shown.problem, WORDS["unreadable"])
        else:
            problem = render("no_photo.html")
        yield PhotoAnswer(problem=problem)
        return
    yield from photo_answers(zoo, shown.path, backbones, variants, focus)


def chosen_boxes(zoo: Zoo, choice: Picker, query: dict[str, str]) -> dict[gr.Checkbox, Any]:
    """Updates of a picker to what an address names; all that can be used where it names none."""
    kinds = ("backbones", "variants")
    wanted = {kind: query[kind].lower().split(",") for kind in kinds if kind in query}
    entries = zoo.entries()
    boxes = {
        box: gr.update(**backbone_box(entries[key], key in wanted.get("backbones", [key])))
        for key, box in choice.backbones.items()
    }
    for variant, box in choice.variants.items():
        boxes[box] = gr.update(value=variant in wanted.get("variants", [variant]))
    return boxes
