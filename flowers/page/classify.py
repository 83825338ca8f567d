"""The Classify tab: one photo, every chosen model, side by side."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr
from PIL import Image

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import ChoiceError, PhotoError, UploadError
from flowers.models.zoo import Loading, Zoo, in_order
from flowers.page.examples import Example, find_examples
from flowers.page.html import message, render
from flowers.page.limits import PREDICT, PREVIEW, REFRESH, THUMBNAIL
from flowers.page.one_photo import PhotoAnswer
from flowers.page.picker import Picker, backbone_box, picker, split_choice, without
from flowers.page.uploads import uploaded
from flowers.photos import load_photo

_PARAMETERS = json.dumps([list(BACKBONES), list(VARIANTS)])

# Writes the choice into the address bar, where it can be copied, and returns it.
LINK = (
    "(example, ...boxes) => { const [backbones, variants] = "
    + _PARAMETERS
    + """;
  const url = new URL(location.href);
  const chosen = (names, from) => names.filter((_, i) => boxes[from + i]).join(',');
  url.searchParams.set('backbones', chosen(backbones, 0));
  url.searchParams.set('variants', chosen(variants, backbones.length));
  if (example) url.searchParams.set('example', example); else url.searchParams.delete('example');
  url.search = url.search.replaceAll('%2C', ',');
  history.replaceState(null, '', url);
  return url.href;
}"""
)


# Some systems know no type of a HEIC file, and Gradio refuses a photo without a type. So such a
# file is given one when it is dropped or chosen, and handed on as if it had been chosen with it.
DROP = """() => ['drop', 'change'].forEach((kind) =>
  document.querySelector('#photo').addEventListener(kind, (event) => {
    const input = event.currentTarget.querySelector('input[type=file]');
    const [file, more] = (event.dataTransfer ?? event.target).files || [];
    const suffix = file?.name.match(/[.](heic|heif|avif)$/i)?.[1].toLowerCase();
    if (!input || !suffix || more || file.type) return;
    event.preventDefault();
    event.stopPropagation();
    const typed = new DataTransfer();
    typed.items.add(new File([file], file.name, {type: `image/${suffix}`}));
    input.files = typed.files;
    input.dispatchEvent(new Event('change', {bubbles: true}));
  }, true))"""


@dataclass(frozen=True)
class Shown:
    """What stands in the photo's place."""

    path: str | None = None
    problem: str = ""
    """One sentence that says why there is no photo."""
    ticket: str = field(default_factory=lambda: uuid4().hex)
    """Never the same twice, so that a photo chosen anew is read anew."""


def classify_tab(zoo: Zoo, page: gr.Blocks, tabs: gr.Tabs) -> None:
    """Lay out the tab, and wire what happens when the page opens."""
    examples = find_examples(zoo.source.root)
    example = gr.Textbox(visible=False)
    current = gr.State(Shown())
    with gr.Row(elem_id="classify"):
        with gr.Column(elem_id="photo-column"):
            photo = gr.Image(
                label="Photo",
                sources=["upload", "webcam", "clipboard"],
                image_mode=None,
                type="filepath",
                height=290,
                buttons=["fullscreen"],
                elem_id="photo",
                placeholder="Drop a photo here\nJPEG, PNG, WebP, HEIC, AVIF or TIFF",
                alt_text="The photo that the models read",
            )
            gallery = gr.Gallery(
                [(preview(e.path, THUMBNAIL), e.caption) for e in examples],
                label="Examples",
                show_label=False,
                container=False,
                columns=8,
                object_fit="cover",
                allow_preview=False,
                buttons=[],
                interactive=False,
                visible=bool(examples),
                elem_id="examples",
            )
        with gr.Column(elem_id="answer-column"):
            answer = gr.HTML(render("no_photo.html"), elem_id="answer")
        with gr.Column(elem_id="choice-column"):
            choice = picker(zoo)
            share = gr.Button("Link to these settings", size="sm")
            link = gr.Textbox(
                label="Link", buttons=["copy"], visible="hidden", interactive=False, elem_id="link"
            )

    superseded: set[str] = set()
    """Sessions that were shown another photo while one was being read."""

    def read(request: gr.Request, shown: Shown, *boxes: bool) -> Iterator[dict[Any, Any]]:
        session = str(request.session_hash)
        superseded.discard(session)
        for found in answers(zoo, shown, *split_choice(boxes)):
            yield {answer: found.html(), **without(zoo, choice, found.failed)}
            if session in superseded:
                break

    def show_upload(request: gr.Request, payload: dict[str, Any] | None) -> dict[Any, Any]:
        superseded.add(str(request.session_hash))
        picture, shown = show_photo(payload)
        return {photo: picture, current: shown, example: ""}

    def show(found: Example) -> dict[Any, Any]:
        # An image and not a path, since Gradio serves no file of a Hub cache: links there lead
        # elsewhere.
        return {
            photo: preview(found.path),
            current: Shown(str(found.path)),
            example: found.name,
        }

    def show_example(request: gr.Request, event: gr.SelectData) -> dict[Any, Any]:
        superseded.add(str(request.session_hash))
        return show(examples[event.index])

    def opened(request: gr.Request) -> dict[Any, Any]:
        query = dict(request.query_params)
        found = next((e for e in examples if e.name == query.get("example")), None)
        # Without an example in the link no photo is touched: the visitor may have been quicker.
        values = {**chosen_boxes(zoo, choice, query), **(show(found) if found else {})}
        return {**values, tabs: gr.update(selected=query["tab"])} if query.get("tab") else values

    hidden: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {**hidden, "queue": False, "show_progress": "hidden"}
    place = [photo, current, example]
    # Through the queue, since Gradio tells of a changed state only there.
    showing: dict[str, Any] = {**quick, "queue": True}

    photo.input(show_upload, photo, place, preprocess=False, **showing)
    # All clicks count, since a deferred one would lose which example it was on.
    gallery.select(show_example, None, place, trigger_mode="multiple", **showing)
    # Only this writes the answer, one photo at a time, and the last photo and choice win: so the
    # answer is always to the photo that is shown.
    gr.on(
        [current.change, *[box.input for box in choice.boxes]],
        read,
        [current, *choice.boxes],
        [answer, *choice.backbones],
        trigger_mode="always_last",
        show_progress="minimal",
        show_progress_on=answer,
        **hidden,
        **PREDICT,
    )
    share.click(None, [example, *choice.boxes], link, js=LINK, **hidden).then(
        lambda: gr.update(visible=True), None, link, **quick
    )
    page.load(None, js=DROP)
    page.load(opened, None, [tabs, *place, *choice.boxes], **showing)


def show_photo(payload: dict[str, Any] | None) -> tuple[Image.Image | None, Shown]:
    """Turn an upload into an upright preview that every browser can show."""
    if not payload:
        return None, Shown()
    try:
        (path,) = uploaded([payload])
        return preview(path), Shown(str(path))
    except (PhotoError, UploadError) as error:
        return None, Shown(problem=str(error))


def preview(path: Path, side: int = PREVIEW) -> Image.Image:
    """A photo no larger than `side`. Raises `PhotoError`."""
    image = load_photo(path, at_least=side)
    image.thumbnail((side, side))
    return image


def answers(
    zoo: Zoo, shown: Shown, backbones: list[str], variants: list[str]
) -> Iterator[PhotoAnswer]:
    """Yield the answer to a photo again and again, growing with every backbone that has read it."""
    answer = PhotoAnswer()
    if shown.path is None:
        if shown.problem:
            answer.problem = message(shown.problem, "This photo cannot be read")
        else:
            answer.problem = render("no_photo.html")
        yield answer
        return
    try:
        choice = zoo.choose(backbones, variants, leave_out=True)
        answer.photo = load_photo(shown.path, at_least=zoo.detail())
    except (PhotoError, ChoiceError) as error:
        answer.problem = message(str(error))
        yield answer
        return
    answer.pending, answer.failed = choice.models, choice.left_out
    yield answer
    for found in zoo.watch(answer.photo, choice.models, REFRESH):
        if isinstance(found, Loading):
            answer.status = found.doing
            yield answer
            continue
        if found.reason is not None:
            answer.failed[found.backbone] = found.reason
        answer.predictions = in_order([*answer.predictions, *found.predictions], choice.models)
        answer.pending = [model for model in answer.pending if model[0] != found.backbone]
        yield answer


def chosen_boxes(zoo: Zoo, choice: Picker, query: dict[str, str]) -> dict[gr.Checkbox, Any]:
    """Updates of a picker to what a link names; all that can be used where it names none."""
    wanted = {name: query[name].split(",") for name in ("backbones", "variants") if name in query}
    missing = zoo.missing()
    boxes = {
        box: gr.update(**backbone_box(entry, key in missing, key in wanted.get("backbones", [key])))
        for box, (key, entry) in zip(choice.backbones, zoo.entries().items(), strict=True)
    }
    for box, key in zip(choice.variants, VARIANTS, strict=True):
        boxes[box] = gr.update(value=key in wanted.get("variants", [key]))
    return boxes
