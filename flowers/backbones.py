"""The six backbones as data: six records, one code path; a model, and what its artifact answers.

Nothing here imports Keras; `train/network` looks the builder up by name when a graph is built.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Variant = Literal["transfer", "finetuned"]
Preprocessing = Literal["caffe", "tf", "torch"]

VARIANTS: tuple[Variant, ...] = get_args(Variant)
IMAGE_SIZE = 224

PROBABILITIES = "{variant}_probabilities"
"""Output of an artifact: float32[1, classes], the softmax over the classes."""
FOCUS = "{variant}_focus"
"""Output of an artifact: float32[1, h, w, classes], Grad-CAM of every class."""
KNOWN = "{variant}_known"
"""Output of an artifact that can refuse: float32[1, 1], higher where a photo is more like the
classes; see `flowers.weights.folder.Refusal`."""

DEFAULT_CLASSES = ("daisy", "dandelion", "lily", "orchid", "rose", "sunflower", "tulip")


@dataclass(frozen=True)
class Backbone:
    """One backbone of `keras.applications` and all that the project must know of it."""

    key: str
    """Used in file names, commands and the API."""

    name: str
    """Shown to people."""

    builder: str
    """Name of the function in `keras.applications`."""

    preprocessing: Preprocessing
    """`caffe`: BGR minus the mean; `tf`: -1 to 1; `torch`: RGB, standardized."""

    tail: int = 15
    """The last layers of the base that the finetuned variant trains; the rest is the trunk."""

    normalized: bool = True
    """Whether its convolutions have batch normalization behind them."""


BACKBONES: dict[str, Backbone] = {
    backbone.key: backbone
    for backbone in (
        Backbone("vgg16", "VGG16", "VGG16", "caffe", normalized=False),
        Backbone("inceptionv3", "InceptionV3", "InceptionV3", "tf"),
        Backbone("inceptionresnetv2", "InceptionResNetV2", "InceptionResNetV2", "tf"),
        Backbone("densenet121", "DenseNet121", "DenseNet121", "torch"),
        Backbone("mobilenetv2", "MobileNetV2", "MobileNetV2", "tf"),
        Backbone("resnet101", "ResNet101", "ResNet101", "caffe"),
    )
}


def find_backbone(key: str) -> Backbone:
    """Return the record of `key`. Raises ValueError naming the keys that exist."""
    try:
        return BACKBONES[key]
    except KeyError:
        raise ValueError(
            f"There is no such backbone; use one of {', '.join(BACKBONES)}. Received: {key!r}"
        ) from None


Model = tuple[str, Variant]
"""One of the twelve: backbone key and variant key."""


def model_name(model: Model) -> str:
    """The name shown to people, as in "DenseNet121 finetuned"."""
    return f"{BACKBONES[model[0]].name} {model[1]}"


def all_models(backbones: Iterable[str], variants: Iterable[Variant] = VARIANTS) -> list[Model]:
    """Every chosen model, in the order of `BACKBONES` and `VARIANTS`."""
    chosen, wanted = set(backbones), set(variants)
    return [(b, v) for b in BACKBONES if b in chosen for v in VARIANTS if v in wanted]
