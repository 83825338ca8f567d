"""The About tab: which weights these are, how to make and deploy others, and their limits."""

from html import escape
from pathlib import Path

import gradio as gr
from huggingface_hub import ModelCard

from flowers.backbones import BACKBONES
from flowers.models.batch import MAX_PHOTOS
from flowers.models.zoo import Zoo
from flowers.page.cards import sentence
from flowers.page.examples import credits_of, find_examples
from flowers.photos import MAX_PIXELS
from flowers.weights.folder import ARTIFACT, CARD
from flowers.weights.source import Entry

# Not "gradio[mcp]": that extra asks for a pydantic older than the one pinned here.
_TEXT = """### Train it on photos of your own

Put the photos of every class into a folder named after it, then:

```
python -m train fit --data photos --out runs/mine --backbones mobilenetv2
FLOWERS_WEIGHTS=runs/mine python app.py
```

`--backbones all` trains all six. The classes are the folders; there may be two or many.

### Deploy it

```
python -m train push --weights runs/mine --repo USER/REPO
```

Anyone can then start the app with `FLOWERS_REPO=USER/REPO`, and pin it with `FLOWERS_REVISION`. It
runs as a Hugging Face Space as it is, and needs neither a GPU nor TensorFlow.

### Use it from a program

```
from gradio_client import Client, handle_file
client = Client("{address}")
client.predict(handle_file("photo.jpg"), api_name="/classify")
```

*Use via API* at the foot of the page documents `/models`, `/classify` and `/compare`. With
`pip install "mcp<2"` and `GRADIO_MCP_SERVER=True` the same three are tools for MCP clients, at
`/gradio_api/mcp/`.

### What to know

- A model names one of its classes for every photo. A photo counts as none of them when the models
  are less sure than they are of nearly all photos of the classes; that is no proof either way.
- Probabilities are calibrated on validation photos by temperature scaling. On photos unlike those,
  they are less reliable.
- Photos are squeezed to a square without cropping. They are read on the machine that serves this
  page and deleted from it within a day; nothing is sent elsewhere.
- One photo may have up to {pixels} megapixels, a batch up to {photos} photos.
"""


def about_tab(zoo: Zoo) -> None:
    """Lay out the tab."""
    gr.HTML(weights_html(zoo), elem_id="weights")
    gr.Markdown(
        _TEXT.replace("{pixels}", str(MAX_PIXELS // 1_000_000))
        .replace("{photos}", str(MAX_PHOTOS))
        .replace("{address}", "http://127.0.0.1:7860"),
        elem_id="about",
    )


def weights_html(zoo: Zoo) -> str:
    """Which weights are loaded, from where, made from what."""
    source = zoo.source
    facts = [("From", source.origin)]
    if source.commit:
        facts.append(("Commit", source.commit))
    facts.append(("Licence", licence_of(source.root) or "see the model card of the weights"))
    facts += [("Notice", notice) for notice in [source.notice] if notice]
    rows = "".join(_row(entry) for entry in zoo.entries().values())
    facts_html = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    return (
        f'<h3>The weights of this page</h3><dl class="facts-list">{facts_html}</dl>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Weights"><table class="plain">'
        '<thead><tr><th scope="col">backbone</th><th scope="col">base</th>'
        '<th scope="col">precision</th><th scope="col" class="num">MB</th>'
        '<th scope="col">sha256</th><th scope="col">data fingerprint</th>'
        '<th scope="col">trained</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="hint">{escape(credits_of(find_examples(source.root)))}</p>'
    )


def licence_of(root: Path) -> str | None:
    """The licence that the model card of a weights folder names."""
    try:
        licence = ModelCard.load(root / CARD, ignore_metadata_errors=True).data.license
    except (OSError, ValueError):
        return None
    return str(licence) if licence else None


def _row(entry: Entry) -> str:
    name = f'<th scope="row">{escape(BACKBONES[entry.backbone].name)}</th>'
    config = entry.config
    if not entry.available or config is None:
        reason = sentence(entry.reason or "")
        return f'<tr class="pending">{name}<td colspan="6" class="wrap">{reason}</td></tr>'
    file = config.files[ARTIFACT]
    trained = ", ".join(
        f"{key} {value}"
        for key, value in config.recipe.items()
        if key in ("date", "epochs", "seed") and value is not None
    )
    return (
        f'<tr>{name}<td class="wrap">{escape(config.base.name)}</td><td>{config.precision}</td>'
        f'<td class="num">{file.bytes / 1e6:.1f}</td><td><code>{file.sha256[:12]}</code></td>'
        f"<td><code>{escape(config.data_fingerprint)}</code></td><td>{escape(trained)}</td></tr>"
    )
