"""The page and its endpoints: layout only, everything that computes lives elsewhere."""

import gradio as gr

from flowers import theme
from flowers.hub import weights_from_environment
from flowers.serving import Zoo
from flowers.ui_classify import classify_tab
from flowers.ui_comparison import comparison_tab
from flowers.ui_endpoints import endpoints

MAX_UPLOAD = "300mb"
DAY = 24 * 60 * 60

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
        delete_cache=(DAY // 4, DAY),
    ) as page:
        with gr.Row(elem_id="masthead"):
            gr.HTML(_masthead(), elem_classes="masthead")
            switch = gr.Button("Light / dark", size="sm", elem_id="theme-switch")
        switch.click(None, js=SWITCH_THEME)
        with gr.Tabs() as tabs:
            with gr.Tab("Classify", id="classify"):
                restore = classify_tab(zoo)
            with gr.Tab("Comparison", id="comparison"):
                comparison_tab(zoo)
        restore(page, tabs)
        endpoints(zoo)
    return page


def launch() -> None:
    """Serve the page with the weights that the environment names."""
    page = build(Zoo(weights_from_environment()))
    page.queue(default_concurrency_limit=4).launch(
        theme=theme.theme(),
        css_paths=[theme.CSS],
        max_file_size=MAX_UPLOAD,
        enable_monitoring=False,
        run_history=False,
        show_error=True,
        footer_links=["api", "settings"],
    )


def _masthead() -> str:
    return (
        "<h1>Flowers</h1><p>Six ImageNet backbones, each trained two ways, read the same photo. "
        "Which one reads yours best?</p>"
    )
