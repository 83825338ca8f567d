"""What several models say together of one photo, on predictions that are written out."""

import pytest

from flowers.models.consensus import consensus, pooled
from tests.support.predictions import says


def test_most_votes_win_over_one_sure_model() -> None:
    found = consensus([says(0.4, 0.3, 0.3), says(0.4, 0.3, 0.3), says(0.0, 1.0, 0.0)])
    assert found.label == "daisy"
    assert (found.agreement, found.models) == (2, 3)
    # The cube roots of 0.4 x 0.4 x 0.0001, 0.3 x 0.3 x 1 and 0.3 x 0.3 x 0.0001.
    powers = 0.0251984, 0.4481405, 0.0208008
    assert found.probability == pytest.approx(powers[0] / sum(powers), rel=1e-5)


def test_models_that_agree_are_surer_together_than_their_mean() -> None:
    alone = consensus([says(0.8, 0.1, 0.1)])
    assert alone.probability == pytest.approx(0.8)
    # Roots of 0.8 x 0.6, 0.1 x 0.1 and 0.1 x 0.3: their sum is 0.966.
    both = pooled([says(0.8, 0.1, 0.1), says(0.6, 0.1, 0.3)])
    assert both == pytest.approx({"daisy": 0.71721, "rose": 0.10352, "tulip": 0.17930}, abs=1e-4)
    assert sum(both.values()) == pytest.approx(1)


def test_equal_votes_are_settled_by_probability() -> None:
    assert consensus([says(0.6, 0.4, 0.0), says(0.2, 0.8, 0.0)]).label == "rose"


@pytest.mark.parametrize(("knowing", "known"), [(0, False), (1, False), (2, True), (4, True)])
def test_a_photo_is_known_when_half_of_the_models_know_it(knowing: int, known: bool) -> None:
    found = consensus([says(0.8, 0.1, 0.1, known=i < knowing) for i in range(4)])
    assert found.known is known


def test_no_predictions_have_no_consensus() -> None:
    with pytest.raises(ValueError, match="at least one"):
        consensus([])
