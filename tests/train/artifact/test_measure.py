"""Figures against cases worked out by hand."""

import math

import numpy as np
import pytest

from flowers.models.classifier import known_probability
from flowers.weights.results import SeedResult
from train.artifact.measure import (
    calibration_bins,
    expected_calibration_error,
    failure_table,
    figures_table,
    fit_temperature,
    measure,
    measure_refusal,
    refusal_lines,
    set_refusal,
)
from train.artifact.precision import Agreement, agree, precisions
from train.network.separation import separation

CLASSES = ["daisy", "rose", "tulip"]

# True class, probabilities, so that: daisy 2 of 3 right (one taken for a rose), rose 1 of 1,
# tulip 1 of 2 (one taken for a rose).
ROWS = [
    (0, [0.90, 0.05, 0.05]),
    (0, [0.50, 0.25, 0.25]),
    (0, [0.30, 0.60, 0.10]),
    (1, [0.10, 0.80, 0.10]),
    (2, [0.10, 0.70, 0.20]),
    (2, [0.20, 0.20, 0.60]),
]
FILES = [f"{CLASSES[label]}/{i}.jpg" for i, (label, _) in enumerate(ROWS)]
LABELS = np.array([label for label, _ in ROWS])
PROBABILITIES = np.array([row for _, row in ROWS])


@pytest.fixture(scope="module")
def result():
    return measure(FILES, LABELS, PROBABILITIES, CLASSES)


def test_accuracy_and_confusion(result):
    assert result.accuracy == pytest.approx(4 / 6)
    assert result.confusion == [[2, 1, 0], [0, 1, 0], [0, 1, 1]]


def test_per_class(result):
    expected = {
        "daisy": (3, 2 / 2, 2 / 3, 4 / 5),
        "rose": (1, 1 / 3, 1 / 1, 1 / 2),
        "tulip": (2, 1 / 1, 1 / 2, 2 / 3),
    }
    assert list(result.per_class) == CLASSES
    for name, figures in expected.items():
        found = result.per_class[name]
        assert (found.photos, found.precision, found.recall, found.f1) == pytest.approx(figures)
    assert result.macro_precision == pytest.approx((1 + 1 / 3 + 1) / 3)
    assert result.macro_recall == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert result.macro_f1 == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)


def test_log_loss(result):
    of_true_class = [0.9, 0.5, 0.3, 0.8, 0.2, 0.6]
    assert result.log_loss == pytest.approx(-sum(map(math.log, of_true_class)) / 6)


def test_calibration(result):
    # Fifteenths: 0.9 is in bin 13, 0.5 in 7, 0.6 twice in 9 or 8, 0.8 in 12, 0.7 in 10.
    assert sum(b.photos for b in result.calibration) == 6
    error = abs(0.9 - 1) + abs(0.5 - 1) + abs(0.6 + 0.6 - 1) + abs(0.8 - 1) + abs(0.7 - 0)
    assert result.expected_calibration_error == pytest.approx(error / 6)


def test_predictions_of_every_photo(result):
    assert [p.photo for p in result.predictions] == FILES
    assert [p.label for p in result.predictions] == [CLASSES[label] for label in LABELS]
    wrong = [(p.photo, p.predicted) for p in result.predictions if p.predicted != p.label]
    assert wrong == [("daisy/2.jpg", "rose"), ("tulip/4.jpg", "rose")]
    assert [p.probability for p in result.predictions] == [0.9, 0.5, 0.6, 0.8, 0.7, 0.6]


def test_a_class_without_photos_and_one_never_predicted():
    found = measure(["a", "b"], np.array([0, 0]), np.array([[0.9, 0.05, 0.05]] * 2), CLASSES)
    assert found.accuracy == 1
    assert found.confusion == [[2, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert found.per_class["rose"].photos == 0
    assert found.per_class["rose"].f1 == 0
    # Averages are over the classes that have photos, and the table says so.
    assert found.macro_precision == found.macro_recall == found.macro_f1 == 1
    table = figures_table({("vgg16", "transfer"): found})
    assert table.splitlines()[-1] == "Without photos, so left out of macro F1: rose, tulip."


def test_certain_and_wrong_is_no_infinite_loss():
    found = measure(["a"], np.array([1]), np.array([[1.0, 0.0, 0.0]], dtype=np.float32), CLASSES)
    assert found.accuracy == 0
    assert 10 < found.log_loss < 100
    assert found.expected_calibration_error == 1


def test_rounding_of_float32_does_not_matter():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(500, 3)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = rng.integers(0, 3, 500)
    files = [str(i) for i in range(500)]
    single = measure(files, labels, probabilities * np.float32(1.000001), CLASSES)
    double = measure(files, labels, probabilities.astype(np.float64), CLASSES)
    assert single.log_loss == pytest.approx(double.log_loss, rel=1e-6)
    assert single.confusion == double.confusion


def test_the_arguments_are_left_as_they_are():
    probabilities = PROBABILITIES * 2
    before = probabilities.copy()
    measure(FILES, LABELS, probabilities, CLASSES)
    np.testing.assert_array_equal(probabilities, before)


def test_edges_of_bins():
    confidence = np.array([0.0, 1 / 15 - 1e-9, 1 / 15 + 1e-9, 14 / 15 + 1e-9, 1.0])
    bins = calibration_bins(np.array([True, False, True, True, True]), confidence)
    assert [b.photos for b in bins] == [2, 1, 2]
    assert [b.accuracy for b in bins] == [0.5, 1, 1]
    assert bins[-1].confidence <= 1


def test_perfect_calibration_has_no_error():
    correct = np.array([True, False] * 50 + [True] * 90 + [False] * 10)
    confidence = np.array([0.5] * 100 + [0.9] * 100)
    bins = calibration_bins(correct, confidence)
    assert expected_calibration_error(bins) == pytest.approx(0)
    assert expected_calibration_error([]) == 0


def test_a_temperature_undoes_what_made_a_model_too_sure():
    """Labels drawn from p, shown as p^2: the temperature that gives p again is 2."""
    rng = np.random.default_rng(0)
    true = rng.dirichlet([1, 1, 1], 20_000)
    labels = (rng.random((20_000, 1)) > true.cumsum(axis=1)).sum(axis=1)
    shown = true**2 / (true**2).sum(axis=1, keepdims=True)
    assert fit_temperature(shown, labels) == pytest.approx(2, abs=0.1)
    assert fit_temperature(true, labels) == pytest.approx(1, abs=0.05)


def test_a_temperature_has_bounds():
    right = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert fit_temperature(right, np.array([0, 1])) == pytest.approx(0.2, abs=0.01)
    assert fit_temperature(right, np.array([1, 0])) == pytest.approx(5, abs=0.1)


def test_the_precisions_that_are_tried():
    assert precisions("auto") == ("int8", "float16")
    assert precisions("float32") == ("float32",)


def test_an_artifact_is_as_good_as_its_worse_variant():
    expected = {"transfer": PROBABILITIES, "finetuned": PROBABILITIES}
    off = PROBABILITIES.copy()
    off[1] = [0.3, 0.4, 0.3]  # A daisy that was read right.
    found = {"transfer": PROBABILITIES, "finetuned": off}
    assert agree(expected, found, LABELS) == Agreement(gap=pytest.approx(1 / 6), same_class=5 / 6)


def test_what_an_artifact_may_be_off():
    # One photo is always granted; beyond it half a point of accuracy and one class in a hundred.
    assert Agreement(gap=1 / 6, same_class=5 / 6).is_good_enough(6)
    assert not Agreement(gap=1 / 6, same_class=4 / 6).is_good_enough(6)
    assert Agreement(gap=0.005, same_class=0.99).is_good_enough(1000)
    assert not Agreement(gap=0.006, same_class=0.99).is_good_enough(1000)
    assert not Agreement(gap=0.005, same_class=0.98).is_good_enough(1000)


def test_with_background_classes_95_percent_of_validation_photos_pass():
    scores = np.linspace(0, 1, 101)
    refusal = set_refusal("background", scores, ["thistle"])
    assert refusal.threshold == pytest.approx(0.05)
    assert refusal.background == ("thistle",)
    assert (scores >= refusal.threshold).sum() == 96  # 0.05 itself passes.


def test_without_them_p_known_is_the_share_of_validation_photos_that_score_no_higher():
    scores = np.linspace(0.5, 1, 401)
    refusal = set_refusal("neighbours", scores[::-1])
    assert refusal.threshold == 0.05
    assert len(refusal.reference) == 200
    assert (refusal.reference[0], refusal.reference[-1]) == (0.5, 1)
    p_known = np.array([known_probability(score, refusal) for score in scores])
    assert (np.diff(p_known) >= 0).all()
    assert (p_known >= 0.05).mean() == pytest.approx(0.95, abs=0.005)
    assert known_probability(0.4, refusal) == 0
    few = set_refusal("neighbours", np.array([0.3, 0.1, 0.2]))
    assert few.reference == (0.1, 0.2, 0.3)


def test_refusal_in_figures():
    known = np.array([0.9, 0.8, 0.6, 0.3])
    unknown = {"species": np.array([0.7, 0.1]), "things": np.array([0.3, 0.0])}
    found = measure_refusal(known, unknown, threshold=0.5)
    assert (found.known_photos, found.known_accepted) == (4, 0.75)
    assert (found.unknown_photos, found.unknown_accepted) == (4, 0.25)
    # Pairs in which the known photo scores higher: 2 + 4 of 8; 3.5 + 4 of 8.
    assert found.groups["species"].auroc == pytest.approx(6 / 8)
    assert found.groups["things"].auroc == pytest.approx(7.5 / 8)
    assert found.auroc == pytest.approx(13.5 / 16)
    assert found.groups["species"].accepted == 0.5
    assert found.groups["things"].accepted == 0
    # The 5 % quantile of the known photos is 0.345.
    assert found.groups["species"].accepted_at_95 == 0.5
    lines = refusal_lines({("vgg16", "transfer"): found}).splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["VGG16", "transfer", "species"],
        ["VGG16", "transfer", "things"],
    ]


def test_without_other_photos_only_the_known_ones_are_counted():
    found = measure_refusal(np.array([0.1, 0.9]), {}, threshold=0.05)
    assert (found.known_accepted, found.unknown_photos, found.auroc) == (1, 0, None)
    assert refusal_lines({("vgg16", "transfer"): found}) == ""


def test_what_separates_nothing_has_an_area_of_one_half():
    assert separation(np.ones(5), np.ones(3)) == 0.5


def test_several_seeds_have_a_mean_and_a_range(result):
    seeds = tuple(SeedResult(seed=i, accuracy=a) for i, a in enumerate((0.5, 0.75, 0.7)))
    table = figures_table({("vgg16", "finetuned"): result.model_copy(update={"seeds": seeds})})
    assert "VGG16 finetuned, 3 seeds: accuracy 65.0% in the mean, 50.0% to 75.0%" in table
    assert "seeds" not in figures_table({("vgg16", "finetuned"): result})


def test_where_it_fails(result):
    assert [(p.label, p.predicted, p.photos) for p in result.confused] == [
        ("daisy", "rose", 1),
        ("tulip", "rose", 1),
    ]
    # Probabilities of the true class: 0.9, 0.5, 0.3, 0.8, 0.2, 0.6.
    assert [photo.photo for photo in result.hardest] == [FILES[i] for i in (4, 2, 1, 5, 3, 0)]
    assert result.hardest[0].probability == pytest.approx(0.2)
    assert failure_table({("vgg16", "transfer"): result}).splitlines() == [
        "VGG16 transfer, most confused: daisy taken for rose (1), tulip taken for rose (1)",
        "  tulip/4.jpg: 20.0% tulip, rather rose?",
        "  daisy/2.jpg: 30.0% daisy, rather rose?",
    ]
