"""The page and its endpoints: layout only, everything that computes lives elsewhere."""

from html import escape

import gradio as gr

from flowers.models.zoo import Zoo
from flowers.page import theme
from flowers.page.about import about_tab
from flowers.page.classify import classify_tab
from flowers.page.comparison import comparison_tab
from flowers.page.endpoints import endpoints
from flowers.page.photos_tab import photos_tab
from flowers.weights.source import weights_from_environment

MAX_UPLOAD = "300mb"
HOUR = 60 * 60

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
        delete_cache=(HOUR, 23 * HOUR),  # Looked for every hour: gone within a day.
    ) as page:
        with gr.Row(elem_id="masthead"):
            gr.HTML(_masthead(zoo), elem_classes="masthead")
            switch = gr.Button("Light / dark", size="sm", elem_id="theme-switch")
        switch.click(None, js=SWITCH_THEME)
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            with gr.Tab("Classify", id="classify"):
                restore = classify_tab(zoo)
            with gr.Tab("Your photos", id="photos"):
                photos_tab(zoo)
            with gr.Tab("Comparison", id="comparison"):
                comparison_tab(zoo)
            with gr.Tab("About", id="about"):
                about_tab(zoo)
        restore(page, tabs)
        endpoints(zoo)
    return page


def launch() -> None:
    """Serve the page with the weights that the environment names."""
    zoo = Zoo(weights_from_environment())
    page = build(zoo)
    page.queue(default_concurrency_limit=4).launch(
        theme=theme.theme(),
        css_paths=[theme.CSS],
        max_file_size=MAX_UPLOAD,
        enable_monitoring=False,
        run_history=False,
        show_error=True,
        footer_links=["api", "settings"],
    )


def _masthead(zoo: Zoo) -> str:
    notices = [zoo.source.notice]
    notices += [entry.config.notice for entry in zoo.entries().values() if entry.config]
    marks = "".join(
        f'<p class="notice" role="note">{escape(notice)}</p>'
        for notice in dict.fromkeys(filter(None, notices))
    )
    return (
        "<h1>Flowers</h1><p>Six ImageNet backbones, each trained two ways, read the same photo. "
        f"Which one reads yours best?</p>{marks}"
    )
