"""Finishes what `fit` trained and left without a serving artifact."""

from pathlib import Path

from flowers.backbones import BACKBONES, Backbone
from flowers.errors import WeightsError
from flowers.weights.folder import MANIFEST
from train.artifact.finish import finish
from train.data.background import Background
from train.data.cache import PhotoCache
from train.data.dataset import Dataset
from train.hub.card import write_model_card
from train.network.graph import build_network
from train.work import GRAPH_WEIGHTS, TRAINED, WORK, Trained, only_run


def export_folder(weights: Path) -> None:
    """Finish all that is trained in a weights folder and not finished. Raises `WeightsError`."""
    waiting = [b for b in BACKBONES.values() if (weights / WORK / b.key / TRAINED).exists()]
    if not waiting:
        raise WeightsError(
            f"{weights} holds nothing that is trained; run fit with --out {weights}."
        )
    with only_run(weights / WORK):
        for backbone in waiting:
            trained = Trained.load(weights / WORK / backbone.key)
            if trained.is_finished(weights):
                print(f"{backbone.name} is finished already.")
            else:
                print(_export_backbone(weights, backbone, trained))
        write_model_card(weights)


def _export_backbone(weights: Path, backbone: Backbone, trained: Trained) -> str:
    """Load what `fit` left in `.work`, and finish it."""
    dataset = Dataset.load_manifest(weights / MANIFEST)
    cache = PhotoCache(weights / WORK / "photos", trained.image_size)
    background = Background.from_rows(trained.background)
    network = build_network(backbone, trained.classes, None, trained.image_size, background.classes)
    path = weights / WORK / backbone.key / GRAPH_WEIGHTS
    graph = network.load(path, trained.variants, refuses=trained.refusal is not None)
    try:
        return finish(weights, graph, trained, dataset, cache)
    except KeyError as error:
        raise WeightsError(
            f"{weights / WORK} lacks photos that {backbone.name} was trained on; run fit again."
        ) from error
