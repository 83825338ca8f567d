"""The page and its endpoints: layout only, everything that computes lives elsewhere."""

import gradio as gr
from markupsafe import Markup

from flowers.models.zoo import Zoo
from flowers.page.about import about_tab
from flowers.page.classify import classify_tab
from flowers.page.comparison import comparison_tab
from flowers.page.endpoints import endpoints
from flowers.page.html import render
from flowers.page.limits import DELETE_UPLOADS
from flowers.page.photos_tab import photos_tab
from flowers.page.words import SUBTITLE, TITLE

SWITCH_THEME = """() => {
  const dark = document.body.classList.toggle('dark');
  const url = new URL(location.href);
  url.searchParams.set('__theme', dark ? 'dark' : 'light');
  history.replaceState(null, '', url);
}"""


def build(zoo: Zoo) -> gr.Blocks:
    """Build the page on the models of `zoo`."""
    with gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=DELETE_UPLOADS,
    ) as page:
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
    configs = [entry.config for entry in entries if entry.config]
    found = dict.fromkeys(filter(None, [zoo.source.notice, *(c.notice for c in configs)]))
    return render(
        "masthead.html",
        subtitle=SUBTITLE,
        loaded=sum(entry.available for entry in entries),
        all=len(entries),
        classes=zoo.classes(),
        # The first clause stands in one line, the rest comes when it is asked for.
        notices=[text.partition(", ")[::2] for text in found],
    )
