"""What visitors of the page without a server do again and again."""

import json
from pathlib import Path
from typing import Any

from flowers.backbones import BACKBONES
from flowers.weights.folder import backbone_folders
from flowers.weights.source import DEFAULT_FOLDER
from tests.support.browser import READY, Page

ONE = "?backbones=mobilenetv2"
"""Keeps the tests short: one backbone, both variants."""

LOADED = [BACKBONES[folder.name].name for folder in backbone_folders(DEFAULT_FOLDER)]
"""Names of the backbones that a clone has weights of."""
OTHERS = [name for name in LOADED if name != BACKBONES["mobilenetv2"].name]


# An answer does not wait for its weights to be kept.
ONE_KEPT = """caches.open(`${location.pathname} weights`).then((c) => c.keys())
  .then((kept) => kept.length === 1)"""
"""Whether the page keeps the weights of one backbone."""


def read(page: Page, photo: Path) -> dict[str, Any]:
    """Have a photo read; returns what the download holds."""
    page.wait_for_selector("html[data-ready]")  # Also after a reload.
    page.set_input_files("#photo-file", photo)
    page.wait_for_selector(READY)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    return dict(json.loads(Path(download.value.path()).read_text(encoding="utf-8")))
