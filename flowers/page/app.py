"""The page and its endpoints: layout only, everything that computes lives elsewhere."""

import gradio as gr

from flowers.models.zoo import Zoo
from flowers.page.about import about_tab
from flowers.page.classify import classify_tab
from flowers.page.comparison import comparison_tab
from flowers.page.endpoints import endpoints
from flowers.page.html import render
from flowers.page.limits import DELETE_UPLOADS
from flowers.page.photos_tab import photos_tab

SWITCH_THEME = """() => {
  const dark = document.body.classList.toggle('dark');
  const url = new URL(location.href);
  url.searchParams.set('__theme', dark ? 'dark' : 'light');
  history.replaceState(null, '', url);
}"""


def build(zoo: Zoo) -> gr.Blocks:
    """Build the page on the models of `zoo`."""
    with gr.Blocks(
        title="Flowers: six backbones side by side",
        analytics_enabled=False,
        delete_cache=DELETE_UPLOADS,
    ) as page:
        with gr.Row(elem_id="masthead"):
            gr.HTML(render("masthead.html", notices=_notices(zoo)), elem_classes="masthead")
            switch = gr.Button("Light / dark", size="sm", elem_id="theme-switch")
        switch.click(None, js=SWITCH_THEME)
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            with gr.Tab("Classify", id="classify"):
                classify_tab(zoo, page, tabs)
            with gr.Tab("Your photos", id="photos"):
                photos_tab(zoo)
            with gr.Tab("Comparison", id="comparison"):
                comparison_tab(zoo)
            with gr.Tab("About", id="about"):
                about_tab(zoo)
        endpoints(zoo)
    return page


def _notices(zoo: Zoo) -> list[str]:
    """What visitors should know of these weights, each said once."""
    configs = [entry.config for entry in zoo.entries().values() if entry.config]
    found = [zoo.source.notice, *(config.notice for config in configs)]
    return list(dict.fromkeys(filter(None, found)))
