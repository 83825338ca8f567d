"""The model card of a weights folder, written from its results.

What a person writes below the marked line, and front matter keys that are not written here, stay.
The same results give the same card, byte for byte.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import CardData, EvalResult, RepoCard
from huggingface_hub.repocard_data import eval_results_to_model_index

from flowers.backbones import BACKBONES
from flowers.errors import WeightsError
from flowers.files import write_text
from flowers.stats import accuracy_interval
from flowers.weights.folder import ARTIFACT, CARD, Config, backbone_folders
from flowers.weights.results import Metrics, VariantResult
from flowers.weights.source import Entry, read_entry

MARK = "<!-- Everything below this line is yours: `python -m train push` leaves it as it is. -->"
LICENSE = "apache-2.0"

QUALITY: dict[str, tuple[str, str]] = {
    "accuracy": ("accuracy", "Accuracy"),
    "macro_precision": ("precision", "Macro precision"),
    "macro_recall": ("recall", "Macro recall"),
    "macro_f1": ("f1", "Macro F1"),
    "log_loss": ("log_loss", "Log-loss"),
    "expected_calibration_error": ("expected_calibration_error", "Expected calibration error"),
    "keras_accuracy": ("accuracy", "Accuracy of the float32 Keras graph"),
    "unknown_rejected": (
        "recall",
        "Photos of other subjects that it takes for none of the classes",
    ),
    "known_accepted": ("known_accepted", "Photos of the classes that it takes for one of them"),
}
"""Measured field -> type and name in `model-index`."""


Described = tuple[Config, Metrics | None]
"""What the card tells of one backbone."""


def write_model_card(weights: Path) -> None:
    """Write the card of a weights folder from its results, keeping what a person added."""
    entries = [read_entry(folder) for folder in backbone_folders(weights)]
    if entries:
        card = weights / CARD
        previous = card.read_text(encoding="utf-8") if card.exists() else ""
        write_text(card, model_card(entries, previous=previous))


def model_card(
    entries: Iterable[Entry],
    repo: str | None = None,
    license: str | None = None,
    previous: str = "",
) -> str:
    """Write the card of backbones that can be used, keeping what a person wrote into `previous`.

    `license` is an identifier of the Hub; without one that of `previous` stays, else `LICENSE`.
    Raises `WeightsError` when a backbone cannot be used.
    """
    models = [_described(entry) for entry in entries]
    kept_data, kept_text = _kept(previous)
    data: dict[str, Any] = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "license": license or kept_data.pop("license", LICENSE),
        "tags": _tags(models, kept_data.pop("tags", None)),
    }
    kept_data.pop("license", None)
    data |= {key: value for key, value in kept_data.items() if key not in data}
    data["model-index"] = [entry for model in models for entry in _index(*model)]
    front = CardData(**data).to_yaml()
    sections = [
        _introduction(models),
        _results(models),
        _measured(models),
        _use(repo),
        _provenance(models),
    ]
    return f"---\n{front}\n---\n\n" + "\n\n".join(sections) + f"\n\n{MARK}\n{kept_text}"


def own_part(card: str) -> str:
    """What a person wrote into a card, without the space around it."""
    return _kept(card)[1].strip()


def _described(entry: Entry) -> Described:
    if entry.config is None:
        raise WeightsError(entry.reason or f"{entry.backbone} cannot be used.")
    return entry.config, entry.metrics


def _kept(previous: str) -> tuple[dict[str, Any], str]:
    """Front matter and text of a former card that a person may have written."""
    if not previous.strip():
        return {}, ""
    try:
        card = RepoCard(previous, ignore_metadata_errors=True)
        data, text = card.data.to_dict(), card.text
    except (
        Exception
    ):  # Any YAML error: the text stays, the data were unreadable to the Hub as well.
        data, text = {}, previous
    for key in ("library_name", "pipeline_tag", "model-index"):
        data.pop(key, None)
    if MARK in text:
        return data, text.split(MARK, 1)[1].removeprefix("\n")
    # A card that this program did not write is a person's as a whole.
    return data, f"\n{text.strip()}\n" if text.strip() else ""


def _tags(models: Sequence[Described], former: list[str] | None) -> list[str]:
    ours = ["keras", "litert", "image-classification", *(config.backbone for config, _ in models)]
    theirs = [tag for tag in former or [] if tag not in ours and tag not in BACKBONES]
    return [*ours, *theirs]


def _index(config: Config, metrics: Metrics | None) -> Iterator[dict[str, Any]]:
    """Entries of `model-index`, one per variant."""
    if metrics is None:
        return
    data = metrics.data
    for variant, result in metrics.variants.items():
        measured = [
            EvalResult(
                task_type="image-classification",
                task_name="Image classification",
                dataset_type="imagefolder",
                dataset_name=data.name,
                dataset_split=data.part,
                dataset_args={"photos": data.photos, "fingerprint": data.fingerprint},
                metric_type=kind,
                metric_name=name,
                metric_value=round(value, 4),
            )
            for field, (kind, name) in QUALITY.items()
            if (value := getattr(result, field)) is not None
        ]
        yield from eval_results_to_model_index(f"{_name(config)} {variant}", measured)


def _introduction(models: Sequence[Described]) -> str:
    classes = _either(", ".join(map(_plain, config.classes)) for config, _ in models)
    lines = [
        "# Which backbone reads these photos best",
        "",
        f"{len(models)} {'backbone' if len(models) == 1 else 'backbones'} of `keras.applications`"
        f" for photos of: {classes}.",
        "Each comes in up to two variants: **transfer** (frozen base, new head) and **finetuned**"
        " (the last 15 layers of the base trained too). One file per backbone serves both.",
    ]
    for notice in dict.fromkeys(config.notice for config, _ in models if config.notice):
        lines += ["", f"> {_plain(notice)}"]
    return "\n".join(lines)


def _results(models: Sequence[Described]) -> str:
    rows = []
    for config, metrics in models:
        if metrics is None:
            continue
        size = f"{config.files[ARTIFACT].bytes / 1e6:.1f}"
        for variant, result in metrics.variants.items():
            low, high = accuracy_interval(result.correct, metrics.data.photos)
            latency = metrics.latency_ms
            rows.append(
                [
                    _name(config),
                    variant,
                    f"{result.accuracy:.2%} ({low:.1%} to {high:.1%})",
                    f"{result.macro_precision:.3f}",
                    f"{result.macro_recall:.3f}",
                    f"{result.macro_f1:.3f}",
                    f"{result.log_loss:.3f}",
                    f"{result.expected_calibration_error:.3f}",
                    size,
                    "" if latency is None else f"{latency:.1f}",
                    _seeds(result),
                ]
            )
    if not rows:
        return "## Results\n\nNothing has been measured with these weights yet."
    head = "Backbone|Variant|Accuracy (95 % interval)|Precision|Recall|F1|Log-loss|ECE|MB|ms"
    columns = [*head.split("|"), "Accuracy over seeds"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return "## Results\n\n" + _table(columns, rows)


def _seeds(result: VariantResult) -> str:
    if (found := result.seed_range) is None:
        return ""
    return f"{found.mean:.2%} mean, {found.low:.2%} to {found.high:.2%} ({found.seeds} seeds)"


def _measured(models: Sequence[Described]) -> str:
    measured = [metrics for _, metrics in models if metrics]
    if not measured:
        return "## How it was measured\n\nNot yet."
    data = _either(
        f"{m.data.photos} photos ({'the test part' if m.data.part == 'test' else 'all'} of "
        f"{_plain(m.data.name)}, data fingerprint `{m.data.fingerprint}`)"
        for m in measured
    )
    timed = _either(_plain(m.timed) for m in measured if m.timed)
    unseen = (
        "`fit` trained on none of these photos; near-duplicates of a photo are in the same part of "
        "the split. "
    )
    if any(m.data.part != "test" for m in measured):
        unseen = ""  # Nobody knows of a folder that was given to `evaluate`.
    text = (
        f"## How it was measured\n\nWith the serving artifact itself, on {data}. {unseen}"
        "Precision, recall and F1 are means over the classes; intervals are Wilson's; ECE is the "
        "expected calibration error over 15 bins. Two models whose intervals overlap may still "
        "differ: `metrics.json` holds the prediction for every photo, for paired tests."
    )
    if timed:
        text += f" Milliseconds: {timed}."
    if any(r.seeds for m in measured for r in m.variants.values()):
        text += (
            " Accuracies over seeds are those of the float32 graph after trainings that differ in "
            "their seed alone; the first is served."
        )
    return text


def _use(repo: str | None) -> str:
    text = (
        "## Intended use\n\nTo compare backbones on photos of these classes, and to serve them in "
        "the app that comes with the training code. Every photo gets one of the classes or none of "
        "them; a photo of something else may still be taken for one. Not for identifying plants "
        "that somebody will eat or treat."
    )
    if repo:
        text += (
            "\n\nServe exactly these weights, by tag, branch or full commit hash:\n\n```sh\n"
            f"FLOWERS_REPO={repo} FLOWERS_REVISION=main python app.py\n```"
        )
    return text


def _provenance(models: Sequence[Described]) -> str:
    rows = []
    for config, _ in models:
        base = config.base
        recipe = ", ".join(f"{key} {value}" for key, value in config.recipe.items())
        versions = ", ".join(f"{key} {value}" for key, value in config.versions.items())
        origin = _plain(base.name) + (f" (sha256 `{base.sha256[:12]}`)" if base.sha256 else "")
        if base.stages:
            stages = (f"{stage.epochs} at {stage.image_size} px" for stage in base.stages)
            origin += f"; epochs: {', '.join(stages)}"
        cells = [_name(config), origin, config.precision, _plain(recipe), _plain(versions)]
        rows.append([*cells, f"`{_plain(config.data_fingerprint)}`"])
    head = ["Backbone", "Base", "Artifact", "Recipe", "Versions", "Data fingerprint"]
    return "## Provenance\n\n" + _table(head, rows)


def _name(config: Config) -> str:
    return BACKBONES[config.backbone].name


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _either(values: Iterator[str]) -> str:
    """Different values once each: models of one folder mostly share theirs."""
    return "; or ".join(dict.fromkeys(values))


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    for character in "\\`*_|[]":
        escaped = escaped.replace(character, "\\" + character)
    return " ".join(escaped.split())
