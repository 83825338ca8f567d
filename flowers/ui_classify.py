"""The Classify tab: one photo, every chosen model, side by side."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import gradio as gr

from flowers import cards
from flowers.api import classification
from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS
from flowers.compare import Model
from flowers.example_photos import Example, find_examples
from flowers.hub import Entry
from flowers.photos import PhotoError, load_photo
from flowers.runtime import Prediction
from flowers.serving import ChoiceError, Zoo
from flowers.uploads import UploadError, uploaded
from flowers.weights import ARTIFACT

PREVIEW = 1024
"""Longest side of what the page shows, in pixels."""

REFRESH = 0.4
"""Seconds between two signs of life while a backbone is fetched."""

PREDICT = {"concurrency_id": "predict", "concurrency_limit": 2}
"""Shared by everything that runs models."""

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
# file is given one when it is dropped, and handed on as if it had been chosen.
DROP = """() => document.querySelector('#photo').addEventListener('drop', (event) => {
  const [file, more] = event.dataTransfer?.files || [];
  const input = event.currentTarget.querySelector('input[type=file]');
  const kind = file?.name.match(/[.](heic|heif|avif)$/i)?.[1].toLowerCase();
  if (!input || !kind || more || file.type) return;
  event.preventDefault();
  event.stopPropagation();
  const typed = new DataTransfer();
  typed.items.add(new File([file], file.name, {type: `image/${kind}`}));
  input.files = typed.files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
}, true)"""


@dataclass
class Picker:
    """A checkbox a backbone and a variant."""

    backbones: list[gr.Checkbox]
    variants: list[gr.Checkbox]

    @property
    def boxes(self) -> list[gr.Checkbox]:
        """All checkboxes, backbones first."""
        return [*self.backbones, *self.variants]


def picker(zoo: Zoo) -> Picker:
    """Lay out the choice of backbones and variants; what cannot be used says why."""
    entries, missing = zoo.entries(), zoo.missing()
    with gr.Column(elem_classes="picker"):
        gr.HTML("<h4>Backbones</h4>")
        backbones = [
            gr.Checkbox(**_backbone_box(entry, key in missing), container=False)
            for key, entry in entries.items()
        ]
        if missing:
            gr.HTML(
                "<p class='hint'>Train what is not here with <code>python -m train fit "
                f"--backbones {','.join(missing)}</code>, or set <code>FLOWERS_REPO</code> to a "
                "repository that has it.</p>"
            )
        gr.HTML("<h4>Variants</h4>")
        about = {
            "transfer": "frozen base, new head",
            "finetuned": "last 15 layers trained too",
        }
        variants = [
            gr.Checkbox(True, label=v, info=about[v], interactive=True, container=False)
            for v in VARIANTS
        ]
    return Picker(backbones, variants)


def split_choice(boxes: tuple[bool, ...]) -> tuple[list[str], list[str]]:
    """The keys of the ticked backbones and variants, from the values of `Picker.boxes`."""
    count = len(BACKBONES)
    backbones = [key for key, on in zip(BACKBONES, boxes[:count], strict=True) if on]
    variants = [key for key, on in zip(VARIANTS, boxes[count:], strict=True) if on]
    return backbones, list(variants)


def classify_tab(zoo: Zoo) -> Callable[[gr.Blocks, gr.Tabs], None]:
    """Lay out the tab; the returned function wires what happens when the page opens."""
    examples = find_examples(zoo.source.root)
    example = gr.Textbox(visible=False)
    current = gr.State(None)
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
                [(str(e.path), e.caption) for e in examples],
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

    def read(path: str | None, *boxes: bool) -> Iterator[Any]:
        yield from answers(zoo, path, *split_choice(boxes))

    def chosen_example(event: gr.SelectData) -> tuple[Any, str, str]:
        found = examples[event.index]
        return gr.update(value=str(found.path)), str(found.path), found.name

    hidden: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {**hidden, "queue": False, "show_progress": "hidden"}
    heavy: dict[str, Any] = {**hidden, **PREDICT, "show_progress": "minimal"}
    reading = {"fn": read, "inputs": [current, *choice.boxes], "outputs": answer, **heavy}

    photo.input(
        show_photo, photo, [photo, current, example, answer], preprocess=False, **quick
    ).then(**reading)
    gallery.select(chosen_example, None, [photo, current, example], **quick).then(**reading)
    gr.on([box.input for box in choice.boxes], **reading, trigger_mode="always_last")
    share.click(None, [example, *choice.boxes], link, js=LINK, **hidden).then(
        lambda: gr.update(visible=True), None, link, **quick
    )

    def opened(request: gr.Request) -> list[Any]:
        return opening(zoo, examples, dict(request.query_params))

    def restore(page: gr.Blocks, tabs: gr.Tabs) -> None:
        page.load(None, js=DROP)
        page.load(opened, None, [tabs, photo, current, example, *choice.boxes], **quick).then(
            **reading
        )

    return restore


def show_photo(payload: dict[str, Any] | None) -> tuple[Any, str | None, str, Any]:
    """Turn an upload into an upright preview that every browser can show."""
    if not payload:
        return None, None, "", cards.EMPTY
    try:
        (path,) = uploaded([payload])
        image = load_photo(path, at_least=PREVIEW)
    except (PhotoError, UploadError) as error:
        return None, None, "", cards.message(str(error), "This photo cannot be read")
    image.thumbnail((PREVIEW, PREVIEW))
    return image, str(path), "", gr.skip()


def answers(zoo: Zoo, path: str | None, backbones: list[str], variants: list[str]) -> Iterator[Any]:
    """Yield the answer to a photo as HTML, growing with every backbone that has read it."""
    if path is None:
        yield gr.skip()  # What stands there says why.
        return
    failed: dict[str, str] = {}
    predictions: list[Prediction] = []
    try:
        pending: list[Model] = zoo.choose(backbones, variants)
        photo = load_photo(path, at_least=2 * IMAGE_SIZE)
        yield cards.result(photo, predictions, pending, failed)
        for backbone in dict.fromkeys(key for key, _ in pending):
            for status in loading(zoo, backbone):
                yield cards.result(photo, predictions, pending, failed, {backbone: status})
            asked = [model for model in pending if model[0] == backbone]
            for found in zoo.predict(photo, asked, failed.__setitem__):
                predictions += found
            pending = [model for model in pending if model[0] != backbone]
            yield cards.result(photo, predictions, pending, failed)
    except (PhotoError, ChoiceError) as error:
        yield cards.message(str(error))
        return
    done_html = cards.result(photo, predictions, [], failed)
    yield done_html + (_download(predictions) if predictions else "")


def loading(zoo: Zoo, backbone: str) -> Iterator[str]:
    """Yield what is being done while a backbone is fetched, which may take minutes, and loaded."""
    if zoo.loaded(backbone):
        return
    status = ["loading…"]

    def progress(share: float, doing: str) -> None:
        status[0] = f"{doing}, {100 * share:.0f} %"

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(zoo.load, backbone, progress)
        while wait([future], timeout=REFRESH).not_done:
            yield status[0]
    # A failure is reported by the prediction that follows.


def opening(zoo: Zoo, examples: list[Example], query: dict[str, str]) -> list[Any]:
    """What the page shows when it opens, from the link's parameters."""
    tab = query.get("tab")
    found = next((e for e in examples if e.name == query.get("example")), None)
    # Without an example in the link nothing is touched: the visitor may have been quicker.
    shown = [str(found.path), str(found.path), found.name] if found else [gr.skip()] * 3
    wanted = {name: query[name].split(",") for name in ("backbones", "variants") if name in query}
    missing = zoo.missing()
    boxes = [
        gr.update(**_backbone_box(entry, key in missing, key in wanted.get("backbones", [key])))
        for key, entry in zoo.entries().items()
    ]
    boxes += [gr.update(value=key in wanted.get("variants", [key])) for key in VARIANTS]
    return [
        gr.update(selected=tab) if tab else gr.skip(),
        *shown,
        *boxes,
    ]


def _backbone_box(entry: Entry, missing: bool, wanted: bool = True) -> dict[str, Any]:
    info = "no weights here" if missing else entry.reason
    if entry.available and entry.config:
        info = f"{entry.config.files[ARTIFACT].bytes / 1e6:.1f} MB {entry.config.precision}"
        if entry.metrics and entry.metrics.latency_ms:
            info += f" · {entry.metrics.latency_ms:.0f} ms"
    return {
        "value": entry.available and wanted,
        "label": BACKBONES[entry.backbone].name,
        "info": info,
        "interactive": entry.available,
        "elem_classes": [] if entry.available or missing else ["long"],
    }


def _download(predictions: list[Prediction]) -> str:
    text = json.dumps(classification(predictions), ensure_ascii=False, indent=1)
    return (
        f'<p class="downloads"><a download="classification.json" '
        f'href="data:application/json;charset=utf-8,{quote(text)}">Download as JSON</a></p>'
    )
