"""The models behind the page and the endpoints: which there are, and what they say of a photo."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, Model, Variant, all_models
from flowers.errors import ChoiceError, WeightsError
from flowers.models.classifier import Classifier, Prediction, Runtime
from flowers.models.recent import RecentPredictions
from flowers.photos import to_square
from flowers.weights.folder import ARTIFACT, CONFIG
from flowers.weights.source import Entry, Progress, WeightsSource


@dataclass
class Zoo:
    """All models of a source, loaded when they are first asked."""

    source: WeightsSource
    runtime: Runtime = field(default_factory=Runtime)
    _recent: RecentPredictions = field(default_factory=RecentPredictions)
    _folders: dict[str, Path] = field(default_factory=dict)

    def entries(self) -> dict[str, Entry]:
        """All six backbones, usable or not."""
        return self.source.entries()

    def classes(self) -> list[str]:
        """The classes of the usable backbones, in one fixed order."""
        configs = [e.config for e in self.entries().values() if e.config and e.available]
        return list(dict.fromkeys(name for config in configs for name in config.classes))

    def detail(self) -> int:
        """The shorter side that photos need, `at_least` of `load_photo`: as in training, twice that
        of the networks, here of the largest."""
        configs = [e.config for e in self.entries().values() if e.config and e.available]
        return 2 * max((config.image_size for config in configs), default=IMAGE_SIZE)

    def missing(self) -> list[str]:
        """The backbones that the source never had, as against those that are broken."""
        return [
            key
            for key, entry in self.entries().items()
            if not entry.available and not (self.source.root / key / CONFIG).is_file()
        ]

    def models(self) -> list[Model]:
        """Every model that can be asked."""
        return [
            (key, variant)
            for key, entry in self.entries().items()
            if entry.available and entry.config
            for variant in VARIANTS
            if variant in entry.config.variants
        ]

    def choose(
        self,
        backbones: Sequence[str] | None,
        variants: Sequence[str] | None,
        left_out: Callable[[str, str], None] | None = None,
    ) -> list[Model]:
        """The models of a choice, fast ones first; None means all that can be used.

        A backbone that cannot be used is an error, or, with `left_out`, which is called with its
        key and the reason, only one backbone less. Raises `ChoiceError` when a name is unknown,
        or no model is left.
        """
        entries = self.entries()
        broken: list[str] = []
        usable = self.models()
        if backbones is None:
            backbones = [key for key, _ in usable]
        if variants is None:
            variants = VARIANTS
        for key in backbones:
            if key not in BACKBONES:
                raise ChoiceError(
                    f"There is no such backbone; use {', '.join(BACKBONES)}. Received: {key!r}"
                )
            if not entries[key].available:
                broken.append(f"{BACKBONES[key].name} cannot be used. {entries[key].reason}")
                if left_out is None:
                    raise ChoiceError(broken[0])
                left_out(key, entries[key].reason or "")
        for name in variants:
            if name not in VARIANTS:
                raise ChoiceError(
                    f"There is no such variant; use {', '.join(VARIANTS)}. Received: {name!r}"
                )
        wanted: list[Variant] = [v for v in VARIANTS if v in variants]
        chosen = [model for model in all_models(backbones, wanted) if model in usable]
        if not chosen:
            if broken:
                raise ChoiceError(" ".join(broken))
            raise ChoiceError("No model is chosen; choose at least one backbone and one variant.")
        return sorted(chosen, key=lambda model: self._cost(entries[model[0]]))

    def predict(
        self,
        photo: Image.Image,
        models: Iterable[Model],
        failed: Callable[[str, str], None] | None = None,
    ) -> Iterator[list[Prediction]]:
        """Yield the predictions of one backbone after another, in the order of `models`.

        A backbone that turns out to be broken is disabled and skipped; `failed` is then called
        with its key and the reason.
        """
        # One backbone after another, each on all cores: the quick ones answer at once. Two at a
        # time with one thread each took as long for all six (69 ms against 74, two cores), two
        # photos at a time in a batch, too.
        wanted = list(models)
        squares: dict[int, np.ndarray] = {}
        for backbone in dict.fromkeys(key for key, _ in wanted):
            try:
                classifier = self.load(backbone)
            except WeightsError as error:
                if failed:
                    failed(backbone, str(error))
                continue
            size = classifier.config.image_size
            if size not in squares:
                squares[size] = to_square(photo, size)
            found = self._recent.predict(classifier, squares[size])
            yield [p for p in found.values() if (p.backbone, p.variant) in wanted]

    def loaded(self, backbone: str) -> bool:
        """Whether a backbone can answer at once."""
        return backbone in self._folders

    def load(self, backbone: str, progress: Progress | None = None) -> Classifier:
        """Fetch and load a backbone, once. Raises `WeightsError` after disabling it."""
        entry = self.entries()[backbone]
        if not entry.available:  # Perhaps since a moment ago; do not fetch it again.
            raise WeightsError(entry.reason or "")
        if backbone not in self._folders:
            self._folders[backbone] = self.source.fetch(backbone, progress)
        try:
            return self.runtime.classifier(self._folders[backbone])
        except WeightsError as error:
            self.source.disable(backbone, str(error))
            raise

    def _cost(self, entry: Entry) -> float:
        """Orders backbones from fast to slow: by measured latency, else by size."""
        if entry.metrics and entry.metrics.latency_ms:
            return entry.metrics.latency_ms
        # Some 4 ms a megabyte lies between the fastest and the slowest backbone.
        return entry.config.files[ARTIFACT].bytes / 250_000 if entry.config else 0.0
