"""A heading above a figure."""

import gradio as gr

from flowers.page.html import render


def heading(title: str, caption: str = "", tag: str = "") -> None:
    """A heading, and whether the figures below were measured or published, where that is open."""
    gr.HTML(
        render("heading.html", title=title, caption=caption, tag=tag), elem_classes="chart-head"
    )
