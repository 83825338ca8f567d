"""The page and its endpoints: layout only, everything that computes lives elsewhere."""

from collections.abc import Sequence

import gradio as gr
from markupsafe import Markup

from flowers.backbones import BACKBONES
from flowers.models.zoo import Zoo
from flowers.page.about import about_tab
from flowers.page.classify import classify_tab
from flowers.page.comparison import comparison_tab
from flowers.page.endpoints import endpoints
from flowers.page.html import render
from flowers.page.photos_tab import photos_tab
from flowers.page.words import SUBTITLE, TITLE
from flowers.weights.folder import Config

SWITCH_THEME = """() => {
  const dark = document.body.classList.toggle('dark');
  const url = new URL(location.href);
  url.searchParams.set('__theme', dark ? 'dark' : 'light');
  history.replaceState(null, '', url);
}"""


def build(zoo: Zoo) -> gr.Blocks:
    """Build the page on the models of `zoo`."""
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        with gr.Row(elem_id="masthead"):
            gr.HTML(masthead(zoo), elem_classes="masthead")
            switch = gr.Button("Light / dark", size="sm", elem_id="theme-switch")
        switch.click(None, js=SWITCH_THEME)
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab("Classify", id="classify", elem_id="tab-classify"):
                classify_tab(zoo, page)
            with gr.Tab("Your photos", id="photos", elem_id="tab-photos"):
                photos_tab(zoo)
            with gr.Tab("Comparison", id="comparison", elem_id="tab-comparison"):
                comparison_tab(zoo)
            with gr.Tab("About", id="about", elem_id="tab-about"):
                about_tab(zoo)
        endpoints(zoo)
    return page


def masthead(zoo: Zoo) -> Markup:
    """What the page is, what the models know, and what visitors should know of the weights."""
    entries = zoo.entries().values()
    return render(
        "masthead.html",
        subtitle=SUBTITLE,
        loaded=sum(entry.available for entry in entries),
        all=len(entries),
        classes=zoo.classes(),
        notices=_notices(zoo.source.notice, [e.config for e in entries if e.config]),
    )


def _notices(of_source: str | None, configs: Sequence[Config]) -> dict[str, list[str]]:
    """The first clause of each notice, which stands in one line, and what comes after it.

    Where backbones have notices of their own, their names stand before them.
    """
    names: dict[str, list[str]] = {of_source: []} if of_source else {}
    for config in configs:
        if config.notice:
            names.setdefault(config.notice, []).append(BACKBONES[config.backbone].name)
    differ = len([text for text in names if text != of_source]) > 1
    found: dict[str, list[str]] = {}
    for text, whose in names.items():
        first, _, rest = text.partition(", ")
        rests = found.setdefault(first, [])
        if rest:
            rests.append(f"{', '.join(whose)}: {rest}" if differ and whose else rest)
    return found
