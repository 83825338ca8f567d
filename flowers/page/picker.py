"""The choice of backbones and variants, as checkboxes: what can be used first, the rest folded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup

from flowers.backbones import BACKBONES, VARIANTS, Variant
from flowers.models.zoo import Zoo
from flowers.page.html import render
from flowers.page.words import WORDS
from flowers.weights.folder import ARTIFACT
from flowers.weights.source import Entry

VARIANT_INFO: dict[Variant, str] = {
    "transfer": "frozen base, new head",
    "finetuned": "last 15 layers trained too",
}


@dataclass
class Picker:
    """A checkbox per backbone that the weights have, and one per variant."""

    backbones: dict[str, gr.Checkbox]
    variants: dict[Variant, gr.Checkbox]

    @property
    def boxes(self) -> list[gr.Checkbox]:
        """All checkboxes, backbones first."""
        return [*self.backbones.values(), *self.variants.values()]

    def split(self, values: Sequence[bool]) -> tuple[list[str], list[str]]:
        """The keys of the ticked backbones and variants, from the values of `boxes`."""
        count = len(self.backbones)
        backbones = [key for key, on in zip(self.backbones, values[:count], strict=True) if on]
        variants = [key for key, on in zip(self.variants, values[count:], strict=True) if on]
        return backbones, list(variants)


def picker(zoo: Zoo, elem_id: str) -> Picker:
    """Lay out the choice. `elem_id` stands in front of the names of its places in the page."""
    entries, missing = zoo.entries(), zoo.missing()
    there = sorted(
        (entry for key, entry in entries.items() if key not in missing),
        key=lambda entry: not entry.available,
    )
    with gr.Column(elem_classes="picker"):
        gr.HTML(Markup("<h4>{}</h4>").format(WORDS["backbones"]))
        backbones = {
            entry.backbone: gr.Checkbox(
                **backbone_box(entry),
                container=False,
                elem_id=f"{elem_id}-backbones-{entry.backbone}",
            )
            for entry in there
        }
        if missing:
            names = [BACKBONES[key].name for key in missing]
            gr.HTML(render("missing.html", names=names))
        gr.HTML(Markup("<h4>{}</h4>").format(WORDS["variants"]))
        variants = {
            v: gr.Checkbox(
                True,
                label=v,
                info=VARIANT_INFO[v],
                interactive=True,
                container=False,
                elem_id=f"{elem_id}-variants-{v}",
            )
            for v in VARIANTS
        }
    return Picker(backbones, variants)


def backbone_box(entry: Entry, wanted: bool = True) -> dict[str, Any]:
    """Properties of a backbone's checkbox; one that is broken says why."""
    info = entry.reason
    if entry.available and entry.config:
        info = f"{entry.config.files[ARTIFACT].bytes / 1e6:.1f} MB {entry.config.precision}"
    return {
        "value": entry.available and wanted,
        "label": BACKBONES[entry.backbone].name,
        "info": info,
        "interactive": entry.available,
        "elem_classes": [] if entry.available else ["long"],
    }


def without(zoo: Zoo, picked: Picker, failed: Iterable[str]) -> dict[gr.Checkbox, Any]:
    """Updates of a picker: backbones that can no longer be used lose tick and choice."""
    entries = zoo.entries()
    return {
        picked.backbones[key]: gr.update(**backbone_box(entries[key], False))
        for key in failed
        if key in picked.backbones and not entries[key].available
    }
