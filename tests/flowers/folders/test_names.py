"""Names that mean the same class, and the class that a wrong name most likely means."""

import doctest
import os
import sys

import pytest

from flowers.folders import names
from flowers.folders.names import class_named, nearest_class, shown, tidy

COMPOSED, DECOMPOSED = "Gänseblümchen", "Ga\u0308nseblu\u0308mchen"


def test_the_examples_hold():
    assert doctest.testmod(names).attempted == 2
    assert doctest.testmod(names).failed == 0


def test_accents_and_blanks_make_no_difference():
    assert COMPOSED != DECOMPOSED
    assert tidy(f"\ufeff {DECOMPOSED}\u200b ") == COMPOSED
    assert class_named(DECOMPOSED, [COMPOSED, "Rose"]) == COMPOSED
    assert class_named(" rose ", ["rose"]) == "rose"


def test_capitals_count_only_where_the_very_name_fits():
    assert class_named("Rose", ["Rose", "rose"]) == "Rose"
    assert class_named("rose", ["Rose", "rose"]) == "rose"
    assert class_named("ROSE", ["rose", "tulip"]) == "rose"
    assert class_named("ROSE", ["Rose", "rose"]) is None  # Two could be meant.
    assert class_named("Rosen", ["rose"]) is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("roses", "rose"),
        ("Daisies", "daisy"),
        ("sun flower", "sunflower"),
        ("02_tulips_red", "tulip"),
        ("dandilion", "dandelion"),
        ("garden", None),
        ("2024-05", None),
        ("", None),
    ],
)
def test_the_nearest_class_is_suggested(name, nearest):
    classes = ["daisy", "dandelion", "lily", "orchid", "rose", "sunflower", "tulip"]
    assert nearest_class(name, classes) == nearest


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only text")
def test_bytes_that_are_not_text_are_shown_as_escapes():
    assert shown(os.fsdecode(b"r\xf6schen.jpg")) == r"r\xf6schen.jpg"
    assert shown("röschen.jpg") == "röschen.jpg"


def test_names_can_be_shown_without_giving_orders_to_a_terminal():
    assert shown("a\nb\x1b[2J\x7f") == "a\u240ab\u241b[2J\u2421"
    assert shown("rose\u202egpj.exe") == "rose\ufffdgpj.exe"
    assert shown("Gänse 🌹 גן") == "Gänse 🌹 גן"
