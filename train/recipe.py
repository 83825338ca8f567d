"""What a training does, as data: each figure with its reason.

Without Keras, so that the command line tells its defaults at once.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How both variants of all backbones are trained, each figure with its reason."""

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

    def tail_rate(self, normalized: bool) -> float:
        """The learning rate of a tail, a tenth of it where no batch normalization steadies it.

        At the whole rate VGG16 forgot what it knew: of validation photos it had 89.5 % right with
        the frozen tail and 34 % after the first epoch, 67 % after the tenth.
        """
        return self.tail_learning_rate if normalized else self.tail_learning_rate / 10


@dataclass(frozen=True)
class PretrainRecipe:
    """What one stage of pretraining does."""

    image_size: int = 160
    epochs: int = 30
    """One more comes after them, which learns nothing; see `train.pretrain.ViewBatches`."""
    batch_size: int = 64
    learning_rate: float = 1e-3
    """Peak of the cosine schedule; AdamW on networks with batch normalization takes 1e-3 well."""
    warmup_epochs: int = 2
    weight_decay: float = 0.05
    temperature: float = 1.0
    """Of the targets and the answers in the loss. A teacher's second guesses tell more at 2."""
    first_epoch: int = 0
    """Of the views, so that a later stage goes on with others."""
    bfloat16: bool = False
    """Convolutions in bfloat16; weights, their updates and the loss stay float32."""
    smallest_crop: float = 0.35
    mixup: float = 0.2
    smoothing: float = 0.1
    """Share of a label that is spread over all classes. A teacher's answers stay as they are."""
    seed: int = 0

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch: a cosine behind a warm-up, and at last nothing."""
        if epoch < self.warmup_epochs:
            return self.learning_rate * (epoch + 0.5) / self.warmup_epochs
        done = (epoch - self.warmup_epochs) / max(1, self.epochs - self.warmup_epochs)
        return self.learning_rate * (1 + math.cos(math.pi * min(1.0, done))) / 2
