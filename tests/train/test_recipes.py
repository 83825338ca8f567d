"""The stages that made the starter weights, as data."""

from flowers.backbones import BACKBONES
from train.starter import FIRST_SIZE, SHORTER, STAGES, notice, recipes


def test_every_backbone_gets_new_views_in_every_stage() -> None:
    for backbone in BACKBONES.values():
        stages = recipes(backbone)
        counts = [stage.epochs for stage in stages]
        assert [stage.first_epoch for stage in stages] == [0, counts[0], sum(counts[:2])]
        assert len({stage.seed for stage in stages}) == 1


def test_backbones_with_as_many_epochs_see_photos_of_the_same_sizes() -> None:
    for key, backbone in BACKBONES.items():
        of = SHORTER if key in FIRST_SIZE else STAGES
        made = [(stage.epochs, stage.image_size) for stage in recipes(backbone)]
        assert made[1:] == [(stage.epochs, stage.image_size) for stage in of[1:]]
        assert made[0] == (of[0].epochs, FIRST_SIZE.get(key, of[0].image_size))


def test_networks_that_take_hours_start_with_smaller_photos() -> None:
    first = {key: recipes(backbone)[0].image_size for key, backbone in BACKBONES.items()}
    assert first["vgg16"] < first["mobilenetv2"] == STAGES[0].image_size
    # keras.applications builds the Inceptions from 75 px on.
    assert min(first["inceptionv3"], first["inceptionresnetv2"]) >= 75


def test_the_notice_says_what_a_backbone_had() -> None:
    assert "36 epochs at 96 to 176 px" in notice(BACKBONES["mobilenetv2"])
    assert "30 epochs at 80 to 144 px" in notice(BACKBONES["inceptionresnetv2"])
