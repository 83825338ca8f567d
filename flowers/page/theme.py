"""How the page looks: one accent colour, system fonts, nothing loaded from elsewhere."""

from pathlib import Path

import gradio as gr

CSS = Path(__file__).with_name("theme.css")

ACCENT = "#0f766e"
"""Teal; readable on white and, a shade lighter, on near-black."""


def theme() -> gr.themes.Base:
    """The theme for light and dark."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.teal,
        secondary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_sm,
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_background_fill="#fbfaf8",
        body_background_fill_dark="#161412",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1e1b19",
        background_fill_secondary="#f5f3f0",
        background_fill_secondary_dark="#262220",
        block_background_fill_dark="#1e1b19",
        border_color_primary="#dfdbd5",
        border_color_primary_dark="#3a3532",
        body_text_color="#1c1917",
        body_text_color_dark="#f2efeb",
        body_text_color_subdued="#5c554f",
        body_text_color_subdued_dark="#b5ada5",
        block_label_text_color="#5c554f",
        block_label_text_color_dark="#b5ada5",
        block_info_text_color="#5c554f",
        block_info_text_color_dark="#b5ada5",
        color_accent=ACCENT,
        link_text_color=ACCENT,
        link_text_color_dark="#5eead4",
        link_text_color_visited=ACCENT,
        link_text_color_visited_dark="#5eead4",
        link_text_color_hover="#134e4a",
        link_text_color_hover_dark="#99f6e4",
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_dark=ACCENT,
        button_primary_background_fill_hover="#115e59",
        button_primary_background_fill_hover_dark="#115e59",
        button_secondary_background_fill="#efece8",
        button_secondary_background_fill_dark="#332e2b",
        button_secondary_background_fill_hover="#e4e0da",
        button_secondary_background_fill_hover_dark="#403a36",
        button_secondary_text_color="#1c1917",
        button_secondary_text_color_dark="#f2efeb",
        checkbox_background_color_selected=ACCENT,
        checkbox_background_color_selected_dark="#0d9488",
        block_shadow="none",
        block_shadow_dark="none",
    )
