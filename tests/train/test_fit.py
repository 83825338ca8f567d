"""`fit` on generated photos ends in a weights folder that is complete and serves."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from flowers.backbones import BACKBONES, VARIANTS
from flowers.files import sha256_of
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import (
    ARTIFACT,
    KERAS_WEIGHTS,
    MANIFEST,
    METRICS,
    PretrainingStage,
    check_artifact,
    check_file,
    read_config,
)
from flowers.weights.published import read_published
from flowers.weights.results import read_metrics
from tests.support.photos import COLOURS, SIZE
from tests.support.predictions import learned
from train.__main__ import main
from train.data.dataset import Dataset
from train.work import WORK, Trained


def test_the_folder_is_complete_and_its_config_vouches_for_it(weights_folder: Path) -> None:
    folder = weights_folder / "mobilenetv2"
    config = read_config(folder)
    assert config.classes == sorted(COLOURS)
    assert set(config.variants) == set(VARIANTS)
    assert config.base.kind == "file"
    for name in (ARTIFACT, METRICS, KERAS_WEIGHTS):
        assert check_file(folder, config, name).is_file()
    assert read_published(weights_folder).test_photos == 1156
    visible = {path.name for path in weights_folder.iterdir() if not path.name.startswith(".")}
    assert visible == {"mobilenetv2", "manifest.json", "published.json", "README.md", "examples"}


def test_it_learned_the_generated_flowers(weights_folder: Path) -> None:
    metrics = read_metrics(weights_folder / "mobilenetv2")
    assert metrics.data.part == "test"
    for variant in VARIANTS:
        result = metrics.variants[variant]
        assert learned(result)
        assert len(result.curves) == 6
        assert len(result.predictions) == metrics.data.photos
        assert result.keras_accuracy is not None
        assert abs(result.keras_accuracy - result.accuracy) <= 3 / metrics.data.photos
        # Two seeds were trained, and the weights are those of the first.
        assert [seed.seed for seed in result.seeds] == [0, 1]
        one_photo = 1.01 / metrics.data.photos  # Its features were kept as halves.
        assert result.seeds[0].accuracy == pytest.approx(result.keras_accuracy, abs=one_photo)


def test_without_other_photos_nearness_to_training_photos_decides(weights_folder: Path) -> None:
    config = read_config(weights_folder / "mobilenetv2")
    metrics = read_metrics(weights_folder / "mobilenetv2")
    for variant in VARIANTS:
        refusal = config.variants[variant].refusal
        assert refusal is not None
        assert (refusal.method, refusal.threshold) == ("neighbours", 0.05)
        found = metrics.variants[variant].refusal
        assert found is not None
        assert (found.known_photos, found.auroc) == (metrics.data.photos, None)


def test_no_photo_is_in_two_parts(weights_folder: Path, generated_photos: Path) -> None:
    dataset = Dataset.load_manifest(weights_folder / MANIFEST)
    assert len({photo.sha256 for photo in dataset.photos}) == len(dataset.photos) == 90
    tested = {photo.file for photo in dataset.part("test")}
    metrics = read_metrics(weights_folder / "mobilenetv2")
    assert {p.photo for p in metrics.variants["transfer"].predictions} == tested


def test_other_settings_are_not_mistaken_for_what_is_there(weights_folder: Path) -> None:
    """A notice needs no training, but it needs a new export."""
    trained = Trained.load(weights_folder / WORK / "mobilenetv2")
    assert trained.is_finished(weights_folder)
    for change in ({"notice": "Other"}, {"stamp": "0"}, {"variants": ("transfer",)}):
        assert not trained.model_copy(update=change).is_finished(weights_folder)


def test_a_base_that_saw_the_held_out_photos_is_refused(
    base_folder: Path, fit_arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another seed holds out photos that the base was trained on."""
    arguments = ["fit", *fit_arguments, "--out", str(tmp_path / "out"), "--seed", "1"]
    assert main(arguments) == 1
    assert "that this split holds out" in capsys.readouterr().err


def test_the_base_comes_back_out_of_a_weights_folder(
    weights_folder: Path, base_folder: Path
) -> None:
    """Layer by layer what `pretrain` wrote: a fit leaves it as it is below the transfer variant."""
    from train.network.base import find_base, photos_seen
    from train.network.graph import build_base

    backbone = BACKBONES["mobilenetv2"]
    path, source = find_base(backbone, str(weights_folder))
    assert (source.kind, source.sha256) == ("file", sha256_of(Path(str(path))))
    assert "pretrained on" in source.name
    again = find_base(backbone, str(weights_folder / "mobilenetv2" / KERAS_WEIGHTS))
    assert again == (path, source)
    assert photos_seen(str(path)) == photos_seen(str(weights_folder))
    before, _ = find_base(backbone, str(base_folder))
    pairs = zip(
        build_base(backbone, path, 128).get_weights(),
        build_base(backbone, before, 128).get_weights(),
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
    assert source.stages == (PretrainingStage(image_size=SIZE, epochs=3),)
    # It was pretrained on the training photos of this split, so no other split may test on them.
    assert photos_seen(str(weights_folder)) == photos_seen(str(base_folder))


def test_examples_are_test_photos_with_their_licence(weights_folder: Path) -> None:
    examples = sorted((weights_folder / "examples").iterdir())
    assert [path.name for path in examples] == ["daisy-1.jpg", "rose-1.jpg", "sunflower-1.jpg"]
    with Image.open(examples[0]) as image:
        assert image.getexif()[ExifTags.Base.Copyright] == "CC0, generated"


def test_a_second_run_trains_nothing(
    weights_folder: Path, fit_arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config = (weights_folder / "mobilenetv2" / "config.json").stat().st_mtime_ns
    assert main(["fit", *fit_arguments, "--out", str(weights_folder)]) == 0
    assert "trained already" in capsys.readouterr().out
    assert (weights_folder / "mobilenetv2" / "config.json").stat().st_mtime_ns == config


def test_other_photos_do_not_mix_into_the_folder(
    weights_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.photos import write_photos

    other = write_photos(tmp_path / "other", 4, seed=9)
    arguments = ["fit", "--data", str(other), "--out", str(weights_folder), "--base", "none"]
    assert main([*arguments, "--image-size", str(SIZE)]) == 1
    assert "choose another --out" in capsys.readouterr().err
    assert (
        Dataset.load_manifest(weights_folder / MANIFEST).fingerprint
        == read_config(weights_folder / "mobilenetv2").data_fingerprint
    )


def test_serving_needs_neither_keras_nor_tensorflow(
    weights_folder: Path, generated_photos: Path
) -> None:
    program = """
import json, sys
from pathlib import Path
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import check_artifact
photo = read_photo(Path(sys.argv[2]), int(sys.argv[3]))
found = list(Classifier(check_artifact(Path(sys.argv[1]))).predict(photo).values())
heavy = {name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "jax", "torch"}
print(json.dumps({"heavy": sorted(heavy), "labels": [p.label for p in found],
                  "sums": [float(p.probabilities.sum()) for p in found]}))
"""
    photo = generated_photos / "rose" / "0.jpg"
    output = subprocess.run(
        [sys.executable, "-c", program, weights_folder / "mobilenetv2", photo, str(SIZE)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    report = json.loads(output.splitlines()[-1])
    assert report["heavy"] == []
    assert len(report["labels"]) == 2
    np.testing.assert_allclose(report["sums"], 1, atol=1e-5)


def test_evaluate_writes_every_prediction(
    weights_folder: Path, generated_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "predictions.csv"
    arguments = ["evaluate", "--weights", str(weights_folder), "--data", str(generated_photos)]
    assert main([*arguments, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "are left out" in printed
    metrics = read_metrics(weights_folder / "mobilenetv2")
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Of the photos it was trained and tuned on none is left: the rest is the test part.
    assert len(rows) == metrics.data.photos * len(VARIANTS)
    for variant in VARIANTS:
        right = [row["predicted"] == row["label"] for row in rows if row["variant"] == variant]
        assert sum(right) / len(right) == pytest.approx(metrics.variants[variant].accuracy)


def test_the_artifact_is_read_by_several_threads(
    weights_folder: Path, generated_photos: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    classifier = Classifier(check_artifact(weights_folder / "mobilenetv2"))
    files = sorted(generated_photos.rglob("*.jpg"))[:12]
    photos = [read_photo(file, SIZE) for file in files]
    alone = [classifier.predict(photo)["transfer"].probabilities for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(classifier.predict, photos))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other["transfer"].probabilities)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere"], "is not a folder"),
        (["--base", "missing.weights.h5"], "There are no base weights of MobileNetV2"),
        (["--base", __file__], "does not fit MobileNetV2"),
    ],
)
def test_errors_are_one_sentence(
    arguments: list[str],
    message: str,
    generated_photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    common = ["fit", "--data", str(generated_photos), "--out", str(tmp_path / "out")]
    assert main([*common, "--image-size", str(SIZE), *arguments]) == 1
    error = capsys.readouterr().err.strip()
    assert message in error
    assert error.splitlines()[-1].startswith("error: ")
