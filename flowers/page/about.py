"""The About tab: which weights these are, how to make and deploy others, and their limits."""

import os
import re
from pathlib import Path
from typing import Any

import gradio as gr
from huggingface_hub import ModelCard
from markupsafe import Markup

from flowers.backbones import BACKBONES
from flowers.models.shots import MAX_PHOTOS
from flowers.models.zoo import Zoo
from flowers.page.examples import credits_of, find_examples
from flowers.page.html import render
from flowers.page.limits import DELETE_UPLOADS, HOUR
from flowers.page.requests.head import TEXTS
from flowers.photos import MAX_PIXELS
from flowers.weights.folder import ARTIFACT, CARD
from flowers.weights.source import Entry

SPACE = "SPACE_ID"
"""Set by the Hub where the app runs as a Space: USER/SPACE."""
_SPACE = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)

WORTH_KNOWING = (
    "A model names one of its classes for every photo. A photo counts as none of them when the "
    "models are less sure than they are of nearly all photos of the classes. That proves nothing "
    "either way.",
    "Probabilities are calibrated on validation photos by temperature scaling. On photos unlike "
    "those, they are less reliable.",
    "Photos are squeezed to a square without cropping.",
    f"One photo may have up to {MAX_PIXELS // 1_000_000} megapixels, a batch up to {MAX_PHOTOS} "
    "photos.",
)
"""What to know wherever the models run: here, and in the page without a server."""

# Not "gradio[mcp]": that extra asks for a pydantic older than the one pinned here.
_TEXT = """## What to know

{known}
- Photos are read on the machine that serves this page; nothing is sent elsewhere. Their files, and
  what is remembered of your visit, are deleted from it {hours} hours later at the latest, earlier
  where room is needed and when the app ends; what an app left that was killed is deleted when it
  starts again.

## Train it on photos of your own

Put the photos of every class into a folder named after it, then:

```
make train-env && . .venv/bin/activate
python -m train fit --data photos --out runs/mine --backbones mobilenetv2
FLOWERS_WEIGHTS=runs/mine python app.py
```

`--backbones all` trains all six. The classes are the folders; there may be two or many.

## Deploy it

```
python -m train push --weights runs/mine --repo USER/REPO
```

Anyone can then start the app with `FLOWERS_REPO=USER/REPO`, and pin it with `FLOWERS_REVISION`. It
runs as a Hugging Face Space as it is, and needs neither a GPU nor TensorFlow.

## Use it from a program

```
from gradio_client import Client, handle_file
client = Client("{address}")
client.predict(handle_file("photo.jpg"), api_name="/classify")
```

*Use via API* at the foot of the page documents `/models`, `/classify` and `/compare`. With
`pip install "mcp<2"` and `GRADIO_MCP_SERVER=True` the same three are tools for MCP clients, at
`/gradio_api/mcp/`.
"""


def about_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    gr.Markdown(about_text(), elem_id="about")
    gr.HTML(render("code.html", links=code_links()), elem_id="code")
    gr.HTML(weights_html(zoo), elem_id="weights")


def about_text() -> str:
    """What to know, as Markdown, with the limits that hold."""
    return (
        _TEXT.replace("{known}", "\n".join(f"- {text}" for text in WORTH_KNOWING))
        .replace("{hours}", str(sum(DELETE_UPLOADS) // HOUR))
        .replace("{address}", "http://127.0.0.1:7860")
    )


def code_links() -> dict[str, str]:
    """Where the code may be read, and what is said of it: name -> address.

    A Hugging Face Space shows its own files. Anywhere the app serves the texts beside its code.
    """
    space = os.environ.get(SPACE, "")
    files = f"https://huggingface.co/spaces/{space}/tree/main"
    shown = {"Files of this Space": files} if _SPACE.fullmatch(space) else {}
    return {**shown, **{name: name for name in TEXTS}}


def weights_html(zoo: Zoo) -> Markup:
    """Which weights are loaded, from where, made from what."""
    source = zoo.source
    licence = licence_of(source.root) or "see the model card of the weights"
    facts = {"From": source.origin, "Commit": source.commit, "Licence": licence}
    return render(
        "weights.html",
        facts={name: text for name, text in {**facts, "Notice": source.notice}.items() if text},
        rows=[_row(entry) for entry in zoo.entries().values()],
        credits=credits_of(find_examples(source.root, zoo.classes())[0]),
    )


def licence_of(root: Path) -> str | None:
    """The licence that the model card of a weights folder names."""
    try:
        licence = ModelCard.load(root / CARD, ignore_metadata_errors=True).data.license
    except (OSError, ValueError):
        return None
    return str(licence) if licence else None


def _row(entry: Entry) -> dict[str, Any]:
    name, config = BACKBONES[entry.backbone].name, entry.config
    if not entry.available or config is None:
        missing = entry.state == "missing"
        return {"name": name, "reason": "not among these weights" if missing else entry.reason}
    file = config.files[ARTIFACT]
    trained = [
        f"{key} {value}"
        for key, value in config.recipe.items()
        if key in ("date", "epochs", "seed") and value is not None
    ]
    return {
        "name": name,
        "base": config.base.name,
        "precision": config.precision,
        "megabytes": f"{file.bytes / 1e6:.1f}",
        "sha256": file.sha256[:12],
        "fingerprint": config.data_fingerprint,
        "trained": ", ".join(trained),
    }
