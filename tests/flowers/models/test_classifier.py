"""What an artifact's outputs say, on values worked out by hand."""

import numpy as np
import pytest

from flowers.backbones import Variant
from flowers.models.classifier import known_probability, read_outputs
from flowers.weights.folder import BaseSource, Config, FileRecord, Refusal, VariantSettings

BACKGROUND = Refusal(method="background", threshold=0.6, background=("iris", "other"))
NEIGHBOURS = Refusal(method="neighbours", threshold=0.05, reference=(0.2, 0.5, 0.5, 0.9))


def config(settings: dict[Variant, VariantSettings], version: int = 2) -> Config:
    return Config.model_validate(
        {
            "schema_version": version,
            "backbone": "vgg16",
            "classes": ["daisy", "rose"],
            "image_size": 224,
            "preprocessing": "caffe",
            "precision": "int8",
            "variants": settings,
            "recipe": {},
            "versions": {},
            "data_fingerprint": "none",
            "base": BaseSource(kind="none", name="random"),
            "files": {"model.tflite": FileRecord(bytes=0, sha256="0" * 64)},
        }
    )


def outputs(variant: str, probabilities: list[float], known: float | None) -> dict[str, np.ndarray]:
    found = {
        f"{variant}_probabilities": np.array([probabilities], np.float32),
        f"{variant}_focus": np.zeros((1, 2, 2, len(probabilities)), np.float32),
    }
    if known is not None:
        found[f"{variant}_known"] = np.array([[known]], np.float32)
    return found


@pytest.mark.parametrize(
    ("score", "refusal", "expected"),
    [
        (0.25, BACKGROUND, 0.25),
        (1.0000001, BACKGROUND, 1.0),
        (0.1, NEIGHBOURS, 0.0),
        (0.2, NEIGHBOURS, 0.25),  # A photo is not above itself.
        (0.49, NEIGHBOURS, 0.25),
        (0.5, NEIGHBOURS, 0.75),
        (2.0, NEIGHBOURS, 1.0),
    ],
)
def test_p_known_is_the_summed_probability_or_the_share_of_photos_not_nearer(
    score: float, refusal: Refusal, expected: float
) -> None:
    assert known_probability(score, refusal) == expected


def test_a_photo_is_refused_below_the_threshold_of_each_variant() -> None:
    made = config(
        {
            "transfer": VariantSettings(refusal=BACKGROUND),
            "finetuned": VariantSettings(refusal=NEIGHBOURS),
        }
    )
    raw = {**outputs("transfer", [0.1, 0.9], 0.625), **outputs("finetuned", [0.7, 0.3], 0.1)}
    found = read_outputs(made, raw, 5.0)
    assert (found["transfer"].p_known, found["transfer"].known) == (0.625, True)
    assert (found["finetuned"].p_known, found["finetuned"].known) == (0.0, False)
    # What it looks like most is said even of a photo that is refused.
    assert found["finetuned"].label == "daisy"
    assert found["finetuned"].probability == pytest.approx(0.7)


@pytest.mark.parametrize(("threshold", "known"), [(0.7, True), (0.95, False), (0.0, True)])
def test_without_refusal_the_top_probability_decides_and_p_known_is_not_claimed(
    threshold: float, known: bool
) -> None:
    made = config({"transfer": VariantSettings(unknown_threshold=threshold)}, version=1)
    found = read_outputs(made, outputs("transfer", [0.1, 0.9], None), 5.0)["transfer"]
    assert (found.p_known, found.known) == (None, known)


def test_an_artifact_that_scores_is_read_without_refusal_too() -> None:
    made = config({"transfer": VariantSettings()})
    found = read_outputs(made, outputs("transfer", [0.1, 0.9], 0.2), 5.0)["transfer"]
    assert (found.p_known, found.known) == (None, True)
