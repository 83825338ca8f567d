"""Where the weights of a base come from before training."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowers.backbones import Backbone
from flowers.errors import WeightsError
from flowers.files import sha256_of
from flowers.weights.folder import (
    CONFIG,
    KERAS_WEIGHTS,
    MANIFEST,
    BaseSource,
    PretrainingStage,
    backbone_folders,
    check_file,
    read_config,
)
from train.data.dataset import Dataset

if TYPE_CHECKING:  # It brings Keras, which finding a base does not need.
    from train.network.graph import Network

BASE = "base.weights.h5"
RECIPE = "recipe.json"
"""What `pretrain` notes beside the weights it made; see `beside`."""


def find_base(backbone: Backbone, base: str) -> tuple[str | None, BaseSource]:
    """Resolve `--base`: what `build_base` takes, and what `config.json` says of it.

    `base` is "imagenet", "none", a file of base weights, a folder that `pretrain` wrote, or a
    weights folder with the backbone's Keras weights. Raises `WeightsError`.
    """
    if base == "imagenet":
        return "imagenet", BaseSource(
            kind="imagenet", name="ImageNet weights of keras.applications"
        )
    if base == "none":
        return None, BaseSource(kind="none", name="random weights")
    path = Path(base)
    if (path / backbone.key / CONFIG).is_file():
        return _base_of_weights_folder(path / backbone.key)
    if _is_of_weights_folder(path):
        return _base_of_weights_folder(path.parent)
    if path.is_dir():
        path = path / f"{backbone.key}.{BASE}"
    if not path.is_file():
        raise WeightsError(
            f"There are no base weights of {backbone.name} at {path}; use imagenet, none, a file "
            f"of weights, the folder that pretrain wrote or a weights folder. Received: {base}"
        )
    source = BaseSource(
        kind="file", name=_story(path), sha256=sha256_of(path), stages=stages_of(path)
    )
    return str(path), source


def _base_of_weights_folder(folder: Path) -> tuple[str, BaseSource]:
    """The base below the transfer variant, which training left as it was."""
    config = read_config(folder)
    path = check_file(folder, config, KERAS_WEIGHTS)
    if "transfer" not in config.variants:
        raise WeightsError(
            f"{path} has no transfer variant and so not the whole base; give other weights."
        )
    name = f"{folder.parent.name}/{folder.name}/{KERAS_WEIGHTS}, begun from {config.base.name}"
    source = BaseSource(
        kind="file",
        name=name,
        sha256=config.files[KERAS_WEIGHTS].sha256,
        stages=config.base.stages,
    )
    return str(path), source


def build_network_on(
    backbone: Backbone,
    classes: list[str],
    path: str | None,
    image_size: int,
    background: Sequence[str] = (),
) -> "Network":
    """Build a network on what `find_base` gave. Raises `WeightsError` when that cannot be had."""
    from train.network.graph import build_network

    try:
        return build_network(backbone, classes, path, image_size, background)
    except Exception as error:  # Keras raises a plain Exception when a download fails.
        raise _unusable(backbone, path, error) from error


def photos_seen(base: str) -> set[str]:
    """Hashes of the photos that a base was pretrained on, where manifests beside it tell.

    Where several bases lie in a folder, of all of them. What the `fit` of a weights folder learned
    refusal from counts too: its base may have seen that.
    """
    if base in ("imagenet", "none"):
        return set()
    path = Path(base)
    if _is_of_weights_folder(path):
        path = path.parent.parent
    folder = path if path.is_dir() else path.parent
    backbones = backbone_folders(folder)
    if backbones and all(read_config(one).base.kind != "file" for one in backbones):
        return set()  # What `fit` trains stands above the base.
    seen: set[str] = set()
    for manifest in sorted(folder.glob(f"*{MANIFEST}")):
        dataset = Dataset.load_manifest(manifest)
        seen |= {photo.sha256 for photo in dataset.part("train")} | dataset.unknown_seen
    return seen


def beside(weights: Path, name: str) -> Path:
    """A file that belongs to a base file of `pretrain`: several may lie in one folder."""
    return weights.with_name(weights.name.removesuffix(BASE) + name)


def _is_of_weights_folder(path: Path) -> bool:
    return path.name == KERAS_WEIGHTS and (path.parent / CONFIG).is_file()


def _noted(path: Path) -> dict[str, Any]:
    """What `pretrain` noted beside a base file; nothing where it did not make it."""
    try:
        noted = json.loads(beside(path, RECIPE).read_text(encoding="utf-8"))
        return noted if isinstance(noted, dict) else {}
    except (OSError, ValueError):
        return {}


def _story(path: Path) -> str:
    """The name of a base file, and how it was made, as far as that is noted."""
    recipe = _noted(path)
    try:
        story = f"pretrained on {recipe['photos']} photos of {len(recipe['classes'])} classes"
        if recipe["teacher"]:
            story += ", taught by the soft labels of another network"
    except (KeyError, TypeError):
        return path.name
    return f"{path.name}, {story}"


def stages_of(path: Path) -> tuple[PretrainingStage, ...]:
    """The stages that a base file had, as noted beside it; none where nothing is.

    Raises `WeightsError` when it lies in a weights folder that cannot be read.
    """
    if _is_of_weights_folder(path):
        return read_config(path.parent).base.stages
    try:
        return tuple(map(PretrainingStage.model_validate, _noted(path).get("stages", ())))
    except (ValueError, TypeError):
        return ()


def _unusable(backbone: Backbone, path: str | None, error: Exception) -> WeightsError:
    reason = str(error).splitlines()[0]
    if path == "imagenet":
        return WeightsError(
            f"The ImageNet weights of {backbone.name} cannot be had; check the network, or give "
            f"KERAS_HOME a folder that has them, or use another --base. Received: {reason}"
        )
    return WeightsError(f"{path} does not fit {backbone.name}; give its base. Received: {reason}")


def hash_weights(network: "Network") -> str:
    """Hash of the frozen weights of a network: equal values, equal hash."""
    digest = hashlib.sha256()
    for model in (network.trunk, network.tails["transfer"]):
        for array in model.get_weights():
            digest.update(array.tobytes())
    return digest.hexdigest()
