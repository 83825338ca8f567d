"""What the build takes from the app for the page's scripts, as JSON: see `static/src/site.ts`."""

import json
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from markupsafe import Markup

from flowers.backbones import BACKBONES, DEFAULT_CLASSES, VARIANTS
from flowers.folders.aside import SYSTEM_NAMES, THUMBNAILS
from flowers.folders.labels import MEANT, NOT_A_CLASS
from flowers.folders.layout import PART
from flowers.folders.names import ALIKE, INVISIBLE
from flowers.models.compare import standings
from flowers.models.consensus import LEAST
from flowers.models.leader import MANY
from flowers.models.sentences import MOST_NAMES, NUMBERS, SENTENCES, capital, none_of
from flowers.models.shots import MAX_PHOTOS, Shot
from flowers.models.zoo import Zoo
from flowers.page import pictures
from flowers.page.answers import ANSWER_DIGITS, OTHER
from flowers.page.charts.matrices import MODEL_ROW, difference_chart
from flowers.page.examples import Example
from flowers.page.many_photos import COLUMNS
from flowers.page.words import WORDS
from flowers.photos import MAX_PIXELS, MIN_SIDE, SUFFIXES
from flowers.stats import POWER, SIGNIFICANT
from flowers.weights.folder import ARTIFACT
from static.answered import answered
from static.export import script_figure


def site_of(
    zoo: Zoo, known: Sequence[Example], others: Sequence[Example], samples: Sequence[Shot]
) -> dict[str, Any]:
    """All that the page's scripts know from the start."""
    return {
        "backbones": [
            {
                "backbone": key,
                "name": BACKBONES[key].name,
                "available": entry.available,
                "cost": entry.config.files[ARTIFACT].bytes if entry.config else 0,
            }
            for key, entry in zoo.entries().items()
        ],
        "classes": zoo.classes(),
        "words": verdict_rules(),
        "text": dict(WORDS),
        "unknown": none_of(zoo.classes()),
        "examples": [_described(example) for example in (*known, *others)],
        "answered": answered(zoo, known),
        "samples": [{"name": shot.name, "label": shot.label} for shot in samples],
        "focus": {
            "stops": pictures.FOCUS_STOPS.tolist(),
            "colours": pictures.FOCUS_COLOURS.tolist(),
            "strongest": pictures.STRONGEST,
            "fade": pictures.FADE,
        },
        "differences": {"figure": script_figure(difference_chart(standings({}))), "row": MODEL_ROW},
        "digits": {"fields": ANSWER_DIGITS, "other": OTHER},
        "labels": label_rules(),
        "asideNames": aside_names(),
        "csvColumns": COLUMNS,
        "suffixes": sorted(SUFFIXES),
        "photos": photo_limits(),
        "mostPhotos": MAX_PHOTOS,
    }


def verdict_rules() -> dict[str, Any]:
    """All words and numbers of the verdicts, for `static/src/looks.ts` and `leader.ts`."""
    return {
        "sentences": dict(SENTENCES),
        "numbers": list(NUMBERS),
        "most_names": MOST_NAMES,
        "many": MANY,
        "significant": SIGNIFICANT,
        # For `photos_to_decide`: for one pair of models, for two, … and for all pairs of twelve.
        "z_of_pairs": [-NormalDist().inv_cdf(SIGNIFICANT / pairs / 2) for pairs in range(1, 67)],
        "z_of_power": NormalDist().inv_cdf(POWER),
        "least": LEAST,
        "default_classes": list(DEFAULT_CLASSES),
        "backbones": {key: backbone.name for key, backbone in BACKBONES.items()},
        "variants": list(VARIANTS),
    }


def label_rules() -> dict[str, str | float]:
    """What folders mean, for `static/src/labels.ts`."""
    return {
        "part": PART.pattern,
        "alike": ALIKE,
        "invisible": INVISIBLE,
        "not_a_class": NOT_A_CLASS,
        "meant": MEANT,
    }


def photo_limits() -> dict[str, int]:
    """Which photos are read at all, for `static/src/photo.ts`."""
    return {"mostPixels": MAX_PIXELS, "leastSide": MIN_SIDE}


def aside_names() -> list[str]:
    """Names of files and folders that are left aside, for `static/src/aside.ts`."""
    return sorted(SYSTEM_NAMES | THUMBNAILS)


def script_json(found: Mapping[str, Any]) -> Markup:
    """JSON to stand inside a script element, which ends at the first `</`."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _described(example: Example) -> dict[str, str | None]:
    return {
        "name": example.name,
        "shows": example.shows,
        "credit": example.credit,
        "address": example.address,
        "note": capital(example.note) if example.note else None,
        "path": f"examples/{example.path.name}",
    }
