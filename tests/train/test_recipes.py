"""The stages that made the starter weights, as data."""

from flowers.backbones import BACKBONES
from train.starter import STAGES, notice, recipes


def test_every_backbone_gets_the_same_epochs_of_the_same_views() -> None:
    for backbone in BACKBONES.values():
        stages = recipes(backbone)
        assert [stage.epochs for stage in stages] == [22, 9, 5]
        assert [stage.first_epoch for stage in stages] == [0, 22, 31]
        assert [stage.image_size for stage in stages[1:]] == [128, 176]
        assert len({stage.seed for stage in stages}) == 1


def test_networks_that_take_hours_start_with_smaller_photos() -> None:
    first = {key: recipes(backbone)[0].image_size for key, backbone in BACKBONES.items()}
    assert first["vgg16"] < first["mobilenetv2"] == STAGES[0].image_size
    # keras.applications builds the Inceptions from 75 px on.
    assert min(first["inceptionv3"], first["inceptionresnetv2"]) >= 75


def test_the_notice_says_what_a_backbone_had() -> None:
    assert "36 epochs at 96 to 176 px" in notice(BACKBONES["mobilenetv2"])
    assert "36 epochs at 80 to 176 px" in notice(BACKBONES["inceptionresnetv2"])
