"""From a trained graph to a finished backbone folder: artifact, calibration, metrics, config."""

import math
import shutil
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import BACKBONES, Backbone, Variant
from flowers.dataset import Dataset, Part
from flowers.files import write_text
from flowers.measure import measure
from flowers.network import build_network
from flowers.photocache import PhotoCache
from flowers.results import DataSource, Metrics, VariantResult
from flowers.runtime import Classifier, calibrate
from flowers.weights import (
    ARTIFACT,
    CARD,
    CONFIG,
    KERAS_WEIGHTS,
    MANIFEST,
    METRICS,
    Config,
    FileRecord,
    Precision,
    VariantSettings,
    WeightsError,
    record_of,
    write_config,
)
from train.card import model_card, read_models
from train.evaluate import (
    Probabilities,
    choose_threshold,
    fit_temperature,
    machine_name,
    predict_all,
    results_table,
)
from train.export import export_artifact
from train.progress import Progress
from train.trained import GRAPH_WEIGHTS, TRAINED, WORK, Trained

INT8_GAP = 0.005
"""With `auto`, int8 is kept while it costs no more validation accuracy than this in any variant."""
CALIBRATION_PHOTOS = 200
"""From the training part; int8 conversion learns the ranges of activations from them."""


def export_folder(weights: Path) -> None:
    """Export all that is trained in a weights folder and not finished. Raises `WeightsError`."""
    waiting = [b for b in BACKBONES.values() if (weights / WORK / b.key / TRAINED).exists()]
    if not waiting:
        raise WeightsError(
            f"{weights} holds nothing that is trained; run fit with --out {weights}."
        )
    for backbone in waiting:
        if (weights / backbone.key / CONFIG).exists():
            print(f"{backbone.name} is finished already.")
        else:
            print(export_backbone(weights, backbone))


def export_backbone(weights: Path, backbone: Backbone) -> str:
    """Finish what `fit` left in `.work`; put its folder into place and return a table of results.

    Raises `WeightsError` and OSError.
    """
    work = weights / WORK / backbone.key
    trained = Trained.load(work)
    dataset = Dataset.load_manifest(weights / MANIFEST)
    cache = PhotoCache(weights / WORK / "photos", trained.image_size)
    network = build_network(backbone, trained.classes, None, trained.image_size)
    graph = network.graph(trained.variants)
    graph.load_weights(work / GRAPH_WEIGHTS)
    folder = work / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    table = finish_backbone(graph, folder, trained, dataset, cache, work)
    _put_in_place(folder, weights / backbone.key)
    card = weights / CARD
    previous = card.read_text(encoding="utf-8") if card.exists() else ""
    write_text(card, model_card(read_models(weights), previous=previous))
    return table


def finish_backbone(
    graph: keras.Model,
    folder: Path,
    trained: Trained,
    dataset: Dataset,
    cache: PhotoCache,
    work: Path,
) -> str:
    """Write artifact, metrics and config of `graph` to `folder`; return a table of the results.

    Temperature and threshold are set on the validation part, figures are of the test part, both
    through the artifact that is served. `config.json` comes last, as it vouches for the rest.
    """
    backbone = BACKBONES[trained.backbone]
    progress = {variant: Progress.load(work / variant) for variant in trained.variants}
    shutil.copyfile(work / GRAPH_WEIGHTS, folder / KERAS_WEIGHTS)
    parts: dict[Part, np.ndarray] = {}
    for part in ("validation", "test"):
        photos, rows = cache.rows([photo.sha256 for photo in dataset.part(part)])
        parts[part] = photos[rows]
    labels = {part: dataset.labels(dataset.part(part)) for part in parts}
    expected = {part: _keras_probabilities(graph, photos) for part, photos in parts.items()}
    sample = _calibration_sample(dataset, cache)

    plain = Config(
        backbone=backbone.key,
        classes=dataset.classes,
        image_size=cache.size,
        preprocessing=backbone.preprocessing,
        precision="float32",
        variants={variant: VariantSettings() for variant in progress},
        recipe=trained.recipe,
        versions=trained.versions,
        data_fingerprint=dataset.fingerprint,
        base=trained.base,
        notice=trained.notice,
        files={ARTIFACT: FileRecord(bytes=0, sha256="0" * 64)},
    )
    order: tuple[Precision, ...] = (
        ("int8", "float16") if trained.precision == "auto" else (trained.precision,)
    )
    for candidate in order:
        tqdm.write(f"{backbone.name}: writing the artifact, {candidate}.")
        export_artifact(graph, folder / ARTIFACT, candidate, sample)
        plain = plain.model_copy(
            update={"precision": candidate, "files": {ARTIFACT: record_of(folder / ARTIFACT)}}
        )
        classifier = Classifier(folder, plain)
        validation, _ = predict_all(
            classifier, parts["validation"], len(parts["validation"]), "validation"
        )
        gap = max(
            _accuracy(expected["validation"][variant], labels["validation"])
            - _accuracy(validation[variant], labels["validation"])
            for variant in progress
        )
        if candidate == order[-1] or gap <= INT8_GAP:
            break
        tqdm.write(f"{backbone.name}: {candidate} costs {gap:.1%} of validation accuracy.")

    test, latency = predict_all(classifier, parts["test"], len(parts["test"]), "test")
    strange: Probabilities | None = None
    if trained.unknown:
        photos, rows = cache.rows(trained.unknown)
        strange, _ = predict_all(classifier, photos[rows], len(rows), "none of the classes")
    settings: dict[Variant, VariantSettings] = {}
    results: dict[Variant, VariantResult] = {}
    files = [photo.file for photo in dataset.part("test")]
    for variant, log in progress.items():
        temperature = fit_temperature(validation[variant], labels["validation"])
        known = calibrate(validation[variant], temperature).max(axis=1)
        # Half of the other photos set the threshold, the other half tell what it does.
        other = None if strange is None else calibrate(strange[variant], temperature).max(axis=1)
        threshold = choose_threshold(known, None if other is None else other[::2])
        settings[variant] = VariantSettings(temperature=temperature, unknown_threshold=threshold)
        probabilities = calibrate(test[variant], temperature)
        results[variant] = measure(
            files, labels["test"], probabilities, dataset.classes
        ).model_copy(
            update={
                "keras_accuracy": _accuracy(expected["test"][variant], labels["test"]),
                "known_accepted": float((probabilities.max(axis=1) >= threshold).mean()),
                "unknown_rejected": None
                if other is None or len(other) < 2
                else float((other[1::2] < threshold).mean()),
                "curves": log.epochs(),
                "best_epoch": log.best_epoch,
                "training_seconds": log.seconds,
            }
        )
    metrics = Metrics(
        backbone=backbone.key,
        classes=dataset.classes,
        data=DataSource(
            name=trained.data_name,
            fingerprint=dataset.fingerprint,
            part="test",
            photos=len(files),
        ),
        variants=results,
        latency_ms=latency,
        machine=machine_name(),
    )
    write_text(folder / METRICS, metrics.model_dump_json() + "\n")
    names = [name for name in (ARTIFACT, METRICS, KERAS_WEIGHTS) if (folder / name).exists()]
    config = plain.model_copy(
        update={
            "variants": settings,
            "files": {name: record_of(folder / name) for name in names},
        }
    )
    write_config(folder, config)
    return results_table({(backbone.key, variant): result for variant, result in results.items()})


def _keras_probabilities(graph: keras.Model, photos: np.ndarray) -> Probabilities:
    outputs = graph.predict(photos, batch_size=32, verbose=0)
    ending = "_probabilities"
    return {name.removesuffix(ending): p for name, p in outputs.items() if name.endswith(ending)}


def _accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())


def _calibration_sample(dataset: Dataset, cache: PhotoCache) -> np.ndarray:
    """Photos of the training part, evenly over it and so over all classes."""
    train = dataset.part("train")
    step = max(1, math.ceil(len(train) / CALIBRATION_PHOTOS))
    photos, rows = cache.rows([photo.sha256 for photo in train[::step]])
    return photos[rows]


def _put_in_place(folder: Path, target: Path) -> None:
    """Replace `target` by `folder` in one step each way."""
    old = folder.with_name("replaced")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    folder.replace(target)
    shutil.rmtree(old, ignore_errors=True)
