"""Where the weights of a base come from before training."""

import hashlib
from pathlib import Path

from flowers.backbones import Backbone
from flowers.files import sha256_of
from flowers.network import Network
from flowers.weights import BaseSource, WeightsError


def find_base(backbone: Backbone, base: str) -> tuple[str | None, BaseSource]:
    """Resolve `--base`: what `build_base` takes, and what `config.json` says of it.

    `base` is "imagenet", "none", a file of base weights, or a folder that `pretrain` wrote.
    Raises `WeightsError`.
    """
    if base == "imagenet":
        return "imagenet", BaseSource(
            kind="imagenet", name="ImageNet weights of keras.applications"
        )
    if base == "none":
        return None, BaseSource(kind="none", name="random weights")
    path = Path(base)
    if path.is_dir():
        path = path / f"{backbone.key}.base.weights.h5"
    if not path.is_file():
        raise WeightsError(
            f"There are no base weights of {backbone.name} at {path}; use imagenet, none, a file "
            f"of weights or the folder that pretrain wrote. Received: {base}"
        )
    return str(path), BaseSource(kind="file", name=path.name, sha256=sha256_of(path))


def hash_weights(network: Network) -> str:
    """Hash of the frozen weights of a network: equal values, equal hash."""
    digest = hashlib.sha256()
    for model in (network.trunk, network.tails["transfer"]):
        for array in model.get_weights():
            digest.update(array.tobytes())
    return digest.hexdigest()
