"""From a trained graph to a finished backbone folder: artifact, calibration, metrics, config."""

import shutil
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

import keras
import numpy as np

from flowers.backbones import BACKBONES, Variant
from flowers.files import write_text
from flowers.models.classifier import Classifier, calibrate, known_probability
from flowers.weights.folder import (
    ARTIFACT,
    KERAS_WEIGHTS,
    METRICS,
    Config,
    FileRecord,
    Precision,
    Refusal,
    VariantSettings,
    record_of,
    write_config,
)
from flowers.weights.results import DataSource, Metrics, SeedResult, VariantResult
from train.artifact.measure import (
    Answers,
    figures_table,
    fit_temperature,
    measure,
    measure_refusal,
    predict_all,
    refusal_lines,
    set_refusal,
)
from train.artifact.precision import accuracy, calibration_sample, choose_artifact
from train.data.background import Background
from train.data.dataset import Dataset
from train.data.decoded import DecodedPhotos
from train.data.labelled import LabelledPhotos
from train.network.graph import keras_probabilities
from train.network.progress import Progress
from train.processor import machine_name
from train.work import GRAPH_WEIGHTS, WORK, Trained, seed_folder

NEW_FOLDER = "folder"


def finish(
    weights: Path, graph: keras.Model, trained: Trained, dataset: Dataset, cache: DecodedPhotos
) -> str:
    """Make the folder of a trained backbone and put it into place; return a table of results.

    `graph` is that of `GRAPH_WEIGHTS` in the backbone's work folder. Raises OSError, and KeyError
    when the cache lacks a photo.
    """
    work = weights / WORK / trained.backbone
    folder = new_folder(weights, trained)
    shutil.copyfile(work / GRAPH_WEIGHTS, folder / KERAS_WEIGHTS)
    progress = progress_of_seeds(work, trained)
    table = finish_backbone(graph, folder, trained, dataset, cache, progress)
    put_in_place(weights, trained)
    return table


def new_folder(weights: Path, trained: Trained) -> Path:
    """An empty folder in the work folder of a backbone, to be filled and then put into place."""
    folder = weights / WORK / trained.backbone / NEW_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def put_in_place(weights: Path, trained: Trained) -> None:
    """Replace a backbone's folder by what `new_folder` gave, in one step each way."""
    work, target = weights / WORK / trained.backbone, weights / trained.backbone
    old = work / "replaced"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.replace(old)
    (work / NEW_FOLDER).replace(target)
    shutil.rmtree(old, ignore_errors=True)
    trained.finish(work)


def progress_of_seeds(work: Path, trained: Trained) -> dict[Variant, list[Progress]]:
    """How the trainings with all seeds went, from a backbone's work folder."""
    return {
        variant: [
            Progress.load(seed_folder(work, trained.seed, number) / variant)
            for number in range(trained.seeds)
        ]
        for variant in trained.variants
    }


def finish_backbone(
    graph: keras.Model,
    folder: Path,
    trained: Trained,
    dataset: Dataset,
    cache: DecodedPhotos,
    progress: dict[Variant, list[Progress]],
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
    on_test = predict_all(chosen.classifier, test.photos, len(test.photos), "test")
    on_unknown = _ask_background(chosen.classifier, Background.from_rows(trained.background), cache)
    keras_on_test = keras_probabilities(graph, test.photos)
    settings: dict[Variant, VariantSettings] = {}
    results: dict[Variant, VariantResult] = {}
    for variant, logs in progress.items():
        log = logs[0]
        settings[variant] = _settle(trained, chosen.answers, validation.labels, variant)
        probabilities = calibrate(on_test.probabilities[variant], settings[variant].temperature)
        result = measure(test.files, test.labels, probabilities, dataset.classes)
        refusal = settings[variant].refusal
        if refusal:
            result = _with_refusal(
                result,
                refusal,
                on_test.known[variant],
                {name: answers.known[variant] for name, answers in on_unknown.items()},
            )
        results[variant] = result.model_copy(
            update={
                "keras_accuracy": accuracy(keras_on_test[variant], test.labels),
                "curves": log.epochs(),
                "best_epoch": log.best_epoch,
                "training_seconds": log.seconds,
                "seeds": seed_results(trained.seed, logs),
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
        latency_ms=on_test.milliseconds,
        machine=machine_name(),
    )
    write_text(folder / METRICS, metrics.model_dump_json() + "\n")
    files = {name: record_of(folder / name) for name in (ARTIFACT, METRICS, KERAS_WEIGHTS)}
    write_config(folder, chosen.config.model_copy(update={"variants": settings, "files": files}))
    by_model = {(trained.backbone, variant): result for variant, result in results.items()}
    refusals = {model: result.refusal for model, result in by_model.items() if result.refusal}
    return "\n".join(filter(None, [figures_table(by_model), refusal_lines(refusals)]))


def seed_results(first: int, logs: Sequence[Progress]) -> tuple[SeedResult, ...]:
    """The accuracies of several seeds; nothing of one, whose accuracy stands elsewhere."""
    return tuple(
        SeedResult(seed=first + number, accuracy=log.test_accuracy)
        for number, log in enumerate(logs)
        if log.test_accuracy is not None and len(logs) > 1
    )


def _ask_background(
    classifier: Classifier, background: Background, cache: DecodedPhotos
) -> dict[str, Answers]:
    """What the artifact says of the photos of `--unknown` that are held out."""
    answers = {}
    for name, members in background.held_out().items():
        photos, rows = cache.rows([photo.sha256 for photo in members])
        answers[name] = predict_all(classifier, photos[rows], len(rows), name)
    return answers


def _settle(
    trained: Trained, validation: Answers, labels: np.ndarray, variant: Variant
) -> VariantSettings:
    """Set temperature and refusal on the validation part, labels int64[n]."""
    temperature = fit_temperature(validation.probabilities[variant], labels)
    if trained.refusal is None:
        return VariantSettings(temperature=temperature)
    classes = Background.from_rows(trained.background).classes
    refusal = set_refusal(trained.refusal, validation.known[variant], classes)
    return VariantSettings(temperature=temperature, refusal=refusal)


def _with_refusal(
    result: VariantResult, refusal: Refusal, known: np.ndarray, unknown: dict[str, np.ndarray]
) -> VariantResult:
    """Add how well photos of none of the classes are told, from scores float32[n]."""

    def p_known(scores: np.ndarray) -> np.ndarray:
        return np.array([known_probability(float(score), refusal) for score in scores])

    found = measure_refusal(
        p_known(known), {name: p_known(s) for name, s in unknown.items()}, refusal.threshold
    )
    accepted = found.unknown_accepted
    return result.model_copy(
        update={
            "refusal": found,
            "known_accepted": found.known_accepted,
            "unknown_rejected": None if accepted is None else 1 - accepted,
        }
    )


def _plain_config(
    trained: Trained, dataset: Dataset, precision: Precision, artifact: FileRecord
) -> Config:
    """The config before temperatures and thresholds are known.

    Until then a score passes as it is, by whatever method it comes.
    """
    raw = None
    if trained.refusal:
        raw = VariantSettings(refusal=Refusal(method="background", threshold=0))

    return Config(
        backbone=trained.backbone,
        classes=dataset.classes,
        image_size=trained.image_size,
        preprocessing=BACKBONES[trained.backbone].preprocessing,
        precision=precision,
        variants={variant: raw or VariantSettings() for variant in trained.variants},
        recipe={**trained.recipe, "date": date.today().isoformat()},
        versions=trained.versions,
        data_fingerprint=dataset.fingerprint,
        base=trained.base,
        notice=trained.notice,
        files={ARTIFACT: artifact},
    )
