"""The training recipe as data: what is the same for all backbones, each figure with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How both variants are trained."""

    epochs: int = 10
    """As in the study. The best epoch by validation accuracy is kept."""
    batch_size: int = 32
    seed: int = 0
    views: int = 4
    """Versions of each training photo in the feature cache: the whole photo and augmented ones.
    Each epoch takes one of them for each photo."""
    head_learning_rate: float = 1e-3
    """Adam's usual rate: the head starts from nothing."""
    tail_learning_rate: float = 3e-4
    """Less, since the tail starts from good weights that large first steps would destroy. Of 1e-4
    and 3e-4 the latter was better by a point on the validation part (MobileNetV2, ImageNet base,
    4,301 flower photos)."""
    label_smoothing: float = 0.1
    """Web photos carry some wrong labels; this keeps the network from insisting on them."""
    bfloat16: bool = False
    """Compute what is trained in bfloat16; weights, logits, loss and exports stay float32."""
