"""The stages that made the starter weights, as data, and what holds them together."""

import shutil
from pathlib import Path

import pytest

from flowers.backbones import BACKBONES
from flowers.errors import UserError, WeightsError
from train import starter
from train.fit import FitJob
from train.recipe import PretrainRecipe
from train.starter import STAGES, link_folders, notice, recipes
from train.work import FINISHED, WORK


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


def test_the_notice_is_the_same_whether_a_few_photos_more_were_learned_from() -> None:
    assert " on some 6,000 photos in place of ImageNet, " in notice(6043)
    assert notice(6043) == notice(6215) != notice(43)


def test_where_nothing_exports_the_next_step_is_told(
    weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with JAX, which trains and leaves the export to TensorFlow."""
    monkeypatch.setattr(starter, "fit", lambda job: None)
    out = shutil.copytree(weights_folder, tmp_path / "weights")
    job = FitJob(data="", out=out, backbones=(BACKBONES["mobilenetv2"],))
    assert starter.fit_and_export(job) == out / "mobilenetv2"
    (out / WORK / "mobilenetv2" / FINISHED).unlink()
    with pytest.raises(WeightsError, match=f"run this again: .*train export --weights {out}$"):
        starter.fit_and_export(job)


def test_every_photo_of_none_of_the_classes_is_of_a_kind(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for name in ("tulip/a.jpg", "tulip/b.jpg", "loose.jpg", ".thumbnails/a.jpg"):
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_bytes(name.encode())
    for name in ("tulip/a.jpg", "cat.jpg"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes(b"other " + name.encode())
    found = link_folders([one, other], tmp_path / "links")
    kinds = {path.name: len(list(path.iterdir())) for path in found.iterdir()}
    assert kinds == {"tulip": 3, "one": 1, "other": 1}
    with pytest.raises(UserError, match="missing"):
        link_folders([tmp_path / "missing"], tmp_path / "links")
