"""All that a visitor sees; the only folder that imports Gradio."""
