"""`fit --unknown` as a whole: what it learns of other photos, and says of ones it never saw."""

from pathlib import Path

import numpy as np
import pytest

from flowers.backbones import VARIANTS
from flowers.models.classifier import Classifier
from flowers.photos import read_photo
from flowers.weights.folder import check_artifact, read_config
from flowers.weights.results import read_metrics
from tests.support.photos import SIZE, draw_flower, pattern
from tests.support.predictions import learned
from train.__main__ import main

BLUE_PETALS, PALE_PETALS = (60, 90, 220), (210, 140, 200)


def write_others(folder: Path, photos: int, seed: int) -> Path:
    """Flowers of two other kinds, and loose photos of blots."""
    rng = np.random.default_rng(seed)
    for name, colour in (("bellflower", BLUE_PETALS), ("cosmos", PALE_PETALS)):
        (folder / name).mkdir(parents=True)
        for i in range(photos):
            draw_flower(colour, rng).save(folder / name / f"{i}.jpg", quality=90)
    for i in range(photos):
        pattern(1000 * seed + i, (160, 120)).save(folder / f"{i}.jpg", quality=90)
    return folder


@pytest.mark.slow
def test_a_fit_with_other_photos_refuses_those_it_never_saw(
    fit_arguments: list[str], generated_photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    seen = write_others(tmp_path / "seen", 30, seed=1)
    assert main(["fit", *fit_arguments, "--unknown", str(seen), "--out", str(out)]) == 0

    config = read_config(out / "mobilenetv2")
    metrics = read_metrics(out / "mobilenetv2")
    for variant in VARIANTS:
        refusal = config.variants[variant].refusal
        assert refusal is not None
        assert refusal.method == "background"
        assert {"bellflower", "cosmos"} < set(refusal.background)
        found = metrics.variants[variant].refusal
        assert found is not None
        assert found.unknown_photos == 9  # A tenth of each of the three kinds.
        assert learned(metrics.variants[variant], 3 + len(refusal.background))

    classifier = Classifier(check_artifact(out / "mobilenetv2"))

    def p_known(root: Path) -> list[float]:
        photos = [read_photo(file, SIZE) for file in sorted(root.rglob("*.jpg"))[::3]]
        answers = [classifier.predict(photo)["finetuned"] for photo in photos]
        # The classes are shown among themselves, whatever P(known) is.
        np.testing.assert_allclose([a.probabilities.sum() for a in answers], 1, atol=1e-5)
        return [a.p_known for a in answers if a.p_known is not None]

    known, unknown = p_known(generated_photos), p_known(write_others(tmp_path / "new", 20, seed=2))
    higher = np.mean([[a > b for b in unknown] for a in known])
    assert higher > 0.9  # The area under the ROC curve; chance is 1/2.
