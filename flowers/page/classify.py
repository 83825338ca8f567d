"""The Classify tab: one photo, every chosen model, side by side."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import gradio as gr
from PIL import Image

from flowers.backbones import BACKBONES, VARIANTS
from flowers.errors import ChoiceError, PhotoError, UploadError
from flowers.models.classifier import Prediction
from flowers.models.zoo import Loading, Zoo, in_order
from flowers.page import cards
from flowers.page.answers import classification
from flowers.page.examples import Example, find_examples
from flowers.page.picker import backbone_box, picker, split_choice, without
from flowers.page.uploads import uploaded
from flowers.photos import load_photo

PREVIEW = 1024
"""Longest side of what the page shows, in pixels."""

THUMBNAIL = 256
"""The same of an example to choose."""

REFRESH = 0.4
"""Seconds between two signs of life while a backbone is fetched."""

PREDICT = {"concurrency_id": "predict", "concurrency_limit": 2}
"""Shared by all that read one photo."""

PREDICT_BATCH = {"concurrency_id": "batch", "concurrency_limit": 1}
"""Shared by all that read many: they wait for one another, and single photos do not."""

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
    """HTML that says why there is no photo."""
    ticket: str = field(default_factory=lambda: uuid4().hex)
    """Never the same twice, so that a photo chosen anew is read anew."""


def classify_tab(zoo: Zoo) -> Callable[[gr.Blocks, gr.Tabs], None]:
    """Lay out the tab; the returned function wires what happens when the page opens."""
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
            answer = gr.HTML(cards.EMPTY, elem_id="answer")
        with gr.Column(elem_id="choice-column"):
            choice = picker(zoo)
            share = gr.Button("Link to these settings", size="sm")
            link = gr.Textbox(
                label="Link", buttons=["copy"], visible="hidden", interactive=False, elem_id="link"
            )

    superseded: set[str] = set()
    """Sessions that were shown another photo while one was being read."""

    def read(request: gr.Request, shown: Shown, *boxes: bool) -> Iterator[Any]:
        session = str(request.session_hash)
        superseded.discard(session)
        failed: dict[str, str] = {}
        same = [gr.skip()] * len(choice.backbones)
        for html in answers(zoo, shown, *split_choice(boxes), failed):
            yield [html, *same]
            if session in superseded:
                break
        if failed:
            yield [gr.skip(), *without(zoo, failed)]

    def show_upload(request: gr.Request, payload: dict[str, Any] | None) -> list[Any]:
        superseded.add(str(request.session_hash))
        image, shown = show_photo(payload)
        return [image, shown, ""]

    def show_example(request: gr.Request, event: gr.SelectData) -> list[Any]:
        superseded.add(str(request.session_hash))
        return list(example_shown(examples[event.index]))

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

    def opened(request: gr.Request) -> list[Any]:
        return opening(zoo, examples, dict(request.query_params))

    def restore(page: gr.Blocks, tabs: gr.Tabs) -> None:
        page.load(None, js=DROP)
        page.load(opened, None, [tabs, *place, *choice.boxes], **showing)

    return restore


def show_photo(payload: dict[str, Any] | None) -> tuple[Image.Image | None, Shown]:
    """Turn an upload into an upright preview that every browser can show."""
    if not payload:
        return None, Shown()
    try:
        (path,) = uploaded([payload])
        return preview(path), Shown(str(path))
    except (PhotoError, UploadError) as error:
        return None, Shown(problem=cards.message(str(error), "This photo cannot be read"))


def example_shown(example: Example) -> tuple[Image.Image, Shown, str]:
    """The values of photo, current and example for an example.

    An image and no path, since Gradio serves no file of a Hub cache: links there lead elsewhere.
    """
    return preview(example.path), Shown(str(example.path)), example.name


def preview(path: Path, side: int = PREVIEW) -> Image.Image:
    """A photo no larger than `side`. Raises `PhotoError`."""
    image = load_photo(path, at_least=side)
    image.thumbnail((side, side))
    return image


def answers(
    zoo: Zoo, shown: Shown, backbones: list[str], variants: list[str], failed: dict[str, str]
) -> Iterator[str]:
    """Yield the answer to a photo as HTML, growing with every backbone that has read it.

    `failed` takes the backbones that could not be asked, with the reasons.
    """
    if shown.path is None:
        yield shown.problem or cards.EMPTY
        return
    predictions: list[Prediction] = []
    try:
        choice = zoo.choose(backbones, variants, leave_out=True)
        failed |= choice.left_out
        pending = choice.models
        photo = load_photo(shown.path, at_least=zoo.detail())
        yield cards.result(photo, predictions, pending, failed)
        for found in zoo.watch(photo, choice.models, REFRESH):
            if isinstance(found, Loading):
                yield cards.result(photo, predictions, pending, failed, found.doing)
                continue
            if found.reason is not None:
                failed[found.backbone] = found.reason
            predictions = in_order([*predictions, *found.predictions], choice.models)
            pending = [model for model in pending if model[0] != found.backbone]
            yield cards.result(photo, predictions, pending, failed)
    except (PhotoError, ChoiceError) as error:
        yield cards.message(str(error))
        return
    done_html = cards.result(photo, predictions, [], failed)
    yield done_html + (_download(predictions) if predictions else "")


def opening(zoo: Zoo, examples: list[Example], query: dict[str, str]) -> list[Any]:
    """What the page shows when it opens, from the link's parameters."""
    tab = query.get("tab")
    found = next((e for e in examples if e.name == query.get("example")), None)
    # Without an example in the link nothing is touched: the visitor may have been quicker.
    shown = example_shown(found) if found else [gr.skip()] * 3
    wanted = {name: query[name].split(",") for name in ("backbones", "variants") if name in query}
    missing = zoo.missing()
    boxes = [
        gr.update(**backbone_box(entry, key in missing, key in wanted.get("backbones", [key])))
        for key, entry in zoo.entries().items()
    ]
    boxes += [gr.update(value=key in wanted.get("variants", [key])) for key in VARIANTS]
    return [
        gr.update(selected=tab) if tab else gr.skip(),
        *shown,
        *boxes,
    ]


def _download(predictions: list[Prediction]) -> str:
    text = json.dumps(classification(predictions), ensure_ascii=False, indent=1)
    return (
        f'<p class="downloads"><a download="classification.json" '
        f'href="data:application/json;charset=utf-8,{quote(text)}">Download as JSON</a></p>'
    )
