"""The stages that made the starter weights, as data."""

import pytest

from train.pretrain import PretrainRecipe
from train.starter import STAGES, notice, recipes


def test_stages_follow_each_other_with_other_views() -> None:
    first, second = recipes()
    assert [first.image_size, second.image_size] == [stage.image_size for stage in STAGES]
    # One epoch more than is learned from: the last one measures statistics.
    assert (first.first_epoch, second.first_epoch) == (0, first.epochs + 1)
    assert first.seed == second.seed


def test_the_learning_rate_rises_falls_and_ends_at_nothing() -> None:
    recipe = PretrainRecipe(epochs=10, warmup_epochs=2, learning_rate=1.0)
    rates = [recipe.rate(epoch) for epoch in range(11)]
    assert rates[:3] == [0.25, 0.75, 1.0]
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[9] > 0.01
    assert rates[10] == pytest.approx(0)
    assert PretrainRecipe(epochs=1, warmup_epochs=0).rate(1) == pytest.approx(0)


def test_the_notice_says_how_much_they_had() -> None:
    assert f"{sum(stage.epochs for stage in STAGES)} epochs at 128 and 176 px" in notice()
