"""The choice of backbones and variants, as checkboxes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from flowers.backbones import BACKBONES, VARIANTS
from flowers.models.zoo import Zoo
from flowers.weights.folder import ARTIFACT
from flowers.weights.source import Entry


@dataclass
class Picker:
    """A checkbox per backbone and per variant."""

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
            gr.Checkbox(**backbone_box(entry, key in missing), container=False)
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


def backbone_box(entry: Entry, missing: bool, wanted: bool = True) -> dict[str, Any]:
    """Properties of a backbone's checkbox; `missing` ones are explained once for all."""
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


def without(zoo: Zoo, picked: Picker, failed: Iterable[str]) -> dict[gr.Checkbox, Any]:
    """Updates of a picker: backbones that can no longer be used lose tick and choice."""
    entries, boxes = zoo.entries(), dict(zip(BACKBONES, picked.backbones, strict=True))
    return {
        boxes[key]: gr.update(**backbone_box(entries[key], False))
        for key in failed
        if not entries[key].available
    }
