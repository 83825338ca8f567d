"""From a trained graph to a finished backbone folder: artifact, calibration, metrics, config."""

import shutil
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import keras
import numpy as np

from flowers.backbones import BACKBONES, Backbone, Variant
from flowers.errors import WeightsError
from flowers.files import write_text
from flowers.models.classifier import calibrate
from flowers.weights.folder import (
    ARTIFACT,
    CARD,
    KERAS_WEIGHTS,
    MANIFEST,
    METRICS,
    Config,
    FileRecord,
    Precision,
    VariantSettings,
    backbone_folders,
    record_of,
    write_config,
)
from flowers.weights.results import DataSource, Metrics, VariantResult
from flowers.weights.source import read_entry
from train.artifact.measure import (
    choose_threshold,
    fit_temperature,
    machine_name,
    measure,
    predict_all,
    results_table,
)
from train.artifact.precision import accuracy, calibration_sample, choose_artifact
from train.data.cache import PhotoCache
from train.data.dataset import Dataset, Part
from train.hub.card import model_card
from train.network.graph import build_network, keras_probabilities
from train.network.progress import Progress
from train.work import GRAPH_WEIGHTS, TRAINED, WORK, Trained, only_run


@dataclass(frozen=True)
class LabelledPhotos:
    """One part of the split."""

    files: list[str]
    photos: np.ndarray
    """uint8[n, size, size, 3]."""
    labels: np.ndarray
    """int64[n]."""

    @classmethod
    def load(cls, dataset: Dataset, cache: PhotoCache, part: Part) -> "LabelledPhotos":
        """Read a part from the photo cache."""
        members = dataset.part(part)
        photos, rows = cache.rows([photo.sha256 for photo in members])
        return cls([photo.file for photo in members], photos[rows], dataset.labels(members))


def export_folder(weights: Path) -> None:
    """Finish all that is trained in a weights folder and not finished. Raises `WeightsError`."""
    waiting = [b for b in BACKBONES.values() if (weights / WORK / b.key / TRAINED).exists()]
    if not waiting:
        raise WeightsError(
            f"{weights} holds nothing that is trained; run fit with --out {weights}."
        )
    with only_run(weights / WORK):
        for backbone in waiting:
            trained = Trained.load(weights / WORK / backbone.key)
            if trained.is_finished(weights):
                print(f"{backbone.name} is finished already.")
            else:
                print(_export_backbone(weights, backbone, trained))
        write_model_card(weights)


def _export_backbone(weights: Path, backbone: Backbone, trained: Trained) -> str:
    """Load what `fit` left in `.work`, and finish it."""
    dataset = Dataset.load_manifest(weights / MANIFEST)
    cache = PhotoCache(weights / WORK / "photos", trained.image_size)
    network = build_network(backbone, trained.classes, None, trained.image_size)
    graph = network.graph(trained.variants)
    graph.load_weights(weights / WORK / backbone.key / GRAPH_WEIGHTS)
    try:
        return finish(weights, graph, trained, dataset, cache)
    except KeyError as error:
        raise WeightsError(
            f"{weights / WORK} lacks photos that {backbone.name} was trained on; run fit again."
        ) from error


def finish(
    weights: Path, graph: keras.Model, trained: Trained, dataset: Dataset, cache: PhotoCache
) -> str:
    """Make the folder of a trained backbone and put it into place; return a table of results.

    `graph` is that of `GRAPH_WEIGHTS` in the backbone's work folder. Raises OSError, and KeyError
    when the cache lacks a photo.
    """
    work = weights / WORK / trained.backbone
    folder = work / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(work / GRAPH_WEIGHTS, folder / KERAS_WEIGHTS)
    progress = {variant: Progress.load(work / variant) for variant in trained.variants}
    table = finish_backbone(graph, folder, trained, dataset, cache, progress)
    _put_in_place(folder, weights / trained.backbone)
    trained.finish(work)
    return table


def finish_backbone(
    graph: keras.Model,
    folder: Path,
    trained: Trained,
    dataset: Dataset,
    cache: PhotoCache,
    progress: dict[Variant, Progress],
) -> str:
    """Write artifact, metrics and config of `graph` to `folder`; return a table of the results.

    Temperature and threshold are set on the validation part, figures are of the test part, both
    through the artifact that is served. `config.json` comes last, as it vouches for the rest.
    """
    validation = LabelledPhotos.load(dataset, cache, "validation")
    test = LabelledPhotos.load(dataset, cache, "test")
    chosen = choose_artifact(
        graph,
        folder,
        partial(_plain_config, trained, dataset),
        trained.precision,
        calibration_sample(dataset, cache),
        validation.photos,
        validation.labels,
    )
    on_test, latency = predict_all(chosen.classifier, test.photos, len(test.photos), "test")
    on_strange: dict[Variant, np.ndarray] = {}
    if trained.unknown:
        photos, rows = cache.rows(trained.unknown)
        on_strange, _ = predict_all(
            chosen.classifier, photos[rows], len(rows), "none of the classes"
        )
    keras_on_test = keras_probabilities(graph, test.photos)
    settings: dict[Variant, VariantSettings] = {}
    results: dict[Variant, VariantResult] = {}
    for variant, log in progress.items():
        settings[variant], result = _settle(
            chosen.probabilities[variant],
            validation.labels,
            on_test[variant],
            test,
            on_strange.get(variant),
            dataset.classes,
        )
        results[variant] = result.model_copy(
            update={
                "keras_accuracy": accuracy(keras_on_test[variant], test.labels),
                "curves": log.epochs(),
                "best_epoch": log.best_epoch,
                "training_seconds": log.seconds,
            }
        )
    metrics = Metrics(
        backbone=trained.backbone,
        classes=dataset.classes,
        data=DataSource(
            name=trained.data_name,
            fingerprint=dataset.fingerprint,
            part="test",
            photos=len(test.files),
        ),
        variants=results,
        latency_ms=latency,
        machine=machine_name(),
    )
    write_text(folder / METRICS, metrics.model_dump_json() + "\n")
    files = {name: record_of(folder / name) for name in (ARTIFACT, METRICS, KERAS_WEIGHTS)}
    write_config(folder, chosen.config.model_copy(update={"variants": settings, "files": files}))
    return results_table({(trained.backbone, v): result for v, result in results.items()})


def write_model_card(weights: Path) -> None:
    """Write the card of a weights folder from its results, keeping what a person added."""
    entries = [read_entry(folder) for folder in backbone_folders(weights)]
    if entries:
        card = weights / CARD
        previous = card.read_text(encoding="utf-8") if card.exists() else ""
        write_text(card, model_card(entries, previous=previous))


def _settle(
    validation: np.ndarray,
    validation_labels: np.ndarray,
    on_test: np.ndarray,
    test: LabelledPhotos,
    strange: np.ndarray | None,
    classes: list[str],
) -> tuple[VariantSettings, VariantResult]:
    """Set temperature and threshold on held-out photos, then measure on the test part.

    Probabilities are float32[n, classes]; `strange` are those of photos of none of the classes,
    of which half set the threshold and the other half tell what it does.
    """
    temperature = fit_temperature(validation, validation_labels)
    known = calibrate(validation, temperature).max(axis=1)
    other = None if strange is None else calibrate(strange, temperature).max(axis=1)
    threshold = choose_threshold(known, None if other is None else other[::2])
    probabilities = calibrate(on_test, temperature)
    result = measure(test.files, test.labels, probabilities, classes)
    rejected = None
    if other is not None and len(other) > 1:
        rejected = float((other[1::2] < threshold).mean())
    accepted = float((probabilities.max(axis=1) >= threshold).mean())
    return (
        VariantSettings(temperature=temperature, unknown_threshold=threshold),
        result.model_copy(update={"unknown_rejected": rejected, "known_accepted": accepted}),
    )


def _plain_config(
    trained: Trained, dataset: Dataset, precision: Precision, artifact: FileRecord
) -> Config:
    """The config before temperatures and thresholds are known."""
    return Config(
        backbone=trained.backbone,
        classes=dataset.classes,
        image_size=trained.image_size,
        preprocessing=BACKBONES[trained.backbone].preprocessing,
        precision=precision,
        variants={variant: VariantSettings() for variant in trained.variants},
        recipe={**trained.recipe, "date": date.today().isoformat()},
        versions=trained.versions,
        data_fingerprint=dataset.fingerprint,
        base=trained.base,
        notice=trained.notice,
        files={ARTIFACT: artifact},
    )


def _put_in_place(folder: Path, target: Path) -> None:
    """Replace `target` by `folder` in one step each way."""
    old = folder.with_name("replaced")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    folder.replace(target)
    shutil.rmtree(old, ignore_errors=True)
