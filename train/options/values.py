"""What the values of options may be.

Each function takes the text that was given, and raises `ArgumentTypeError` with one sentence.
"""

import argparse

from flowers.backbones import BACKBONES, VARIANTS, Backbone, Variant, find_backbone


def some_backbones(text: str) -> tuple[Backbone, ...]:
    """Keys with commas between, or all."""
    if text == "all":
        return tuple(BACKBONES.values())
    try:
        return tuple(dict.fromkeys(find_backbone(key.strip()) for key in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def some_variants(text: str) -> tuple[Variant, ...]:
    """Keys with commas between."""
    chosen = {key.strip() for key in text.split(",")}
    if not chosen <= set(VARIANTS):
        raise argparse.ArgumentTypeError(
            f"use {', '.join(VARIANTS)} or both with a comma. Received: {text!r}"
        )
    return tuple(variant for variant in VARIANTS if variant in chosen)


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"use a whole number from 1. Received: {text!r}")
    return int(text)


def device_count(text: str) -> int:
    """A number of GPUs; 0 for all."""
    return 0 if text == "all" else positive(text)


def natural(text: str) -> int:
    """A whole number that seeds a generator."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f"use a whole number from 0 to {2**32 - 1}. Received: {text!r}"
        )
    return int(text)


def image_size(text: str) -> int:
    """Pixels of a side that every backbone can read."""
    if not text.isdecimal() or not 75 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"use pixels from 75 to 1024. Received: {text!r}")
    return int(text)
