"""The models behind the page and the endpoints: which there are, and what they say of a photo."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, Model, Variant, all_models
from flowers.errors import ChoiceError, WeightsError
from flowers.models.classifier import Classifier, Prediction
from flowers.photos import to_square
from flowers.weights.folder import ARTIFACT
from flowers.weights.source import Entry, Source

REMEMBERED = 2048
"""Passes through a backbone that are remembered, of some 5 KB each with a few classes."""
REMEMBERED_BYTES = 32_000_000
"""Of their arrays together: focus maps grow with the classes and the size of the photo, to 0.2 MB
a pass with 100 classes at 512 pixels."""


@dataclass(frozen=True)
class Choice:
    """The models that were chosen, fast ones first, and what had to be left out of the choice."""

    models: list[Model]
    left_out: dict[str, str] = field(default_factory=dict)
    """Backbone key -> reason."""


@dataclass(frozen=True)
class Answer:
    """What the chosen variants of one backbone say of a photo, or why they say nothing."""

    backbone: str
    predictions: tuple[Prediction, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Loading:
    """A sign of life: backbones that are being fetched or loaded, and how far each is."""

    doing: Mapping[str, str]


class Zoo:
    """All models of a source, loaded when they are first asked. Safe to use from several threads.

    Each backbone loads in a thread of its own, so none waits for another.
    """

    def __init__(self, source: Source, threads: int | None = None) -> None:
        """`threads` are those of one pass; by default all cores."""
        self.source = source
        self._threads = threads
        self._lock = threading.Lock()
        self._loads: dict[str, Future[Classifier]] = {}
        self._doing: dict[str, str] = {}
        self._recent: OrderedDict[tuple[str, bytes], dict[Variant, Prediction]] = OrderedDict()
        self._recent_bytes = 0

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
        """The backbones that the source never had."""
        return [key for key, entry in self.entries().items() if entry.state == "missing"]

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
        leave_out: bool = False,
    ) -> Choice:
        """The models of a choice; None means all that can be used.

        A backbone that cannot be used is an error, or, with `leave_out`, one backbone less. Raises
        `ChoiceError` when a name is unknown, or no model is left.
        """
        entries = self.entries()
        usable = self.models()
        left_out: dict[str, str] = {}
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
                left_out[key] = entries[key].reason or ""
        for name in variants:
            if name not in VARIANTS:
                raise ChoiceError(
                    f"There is no such variant; use {', '.join(VARIANTS)}. Received: {name!r}"
                )
        wanted: list[Variant] = [v for v in VARIANTS if v in variants]
        chosen = [model for model in all_models(backbones, wanted) if model in usable]
        if left_out and not (leave_out and chosen):
            raise ChoiceError(
                " ".join(
                    f"{BACKBONES[key].name} cannot be used. {r}" for key, r in left_out.items()
                )
            )
        if not chosen:
            raise ChoiceError("No model is chosen; choose at least one backbone and one variant.")
        return Choice(sorted(chosen, key=lambda model: _cost(entries[model[0]])), left_out)

    def predict(self, photo: Image.Image, models: Iterable[Model]) -> Iterator[Answer]:
        """Yield the answer of every backbone of `models`, as it can be had."""
        for found in self.watch(photo, models):
            if isinstance(found, Answer):
                yield found

    def watch(
        self, photo: Image.Image, models: Iterable[Model], seconds: float | None = None
    ) -> Iterator[Answer | Loading]:
        """Yield the answer of every backbone of `models`, and signs of life while nothing answers.

        What is loaded answers first, in the order of `models`; what has to be fetched or loaded
        follows as it is ready, with a sign of life every `seconds`. A backbone that turns out to be
        broken is disabled, and its answer is the reason.
        """
        # One backbone after another, each on all cores: the quick ones answer at once. Two at a
        # time with one thread each took as long for all six (69 ms against 74, two cores), two
        # photos at a time in a batch, too.
        wanted = list(models)
        squares: dict[int, np.ndarray] = {}
        waiting = {key: self._begin(key) for key in dict.fromkeys(key for key, _ in wanted)}
        while waiting:
            ready = next((key for key, load in waiting.items() if load.done()), None)
            if ready is None:
                if not wait(waiting.values(), seconds, FIRST_COMPLETED).done:
                    yield Loading({key: self._doing.get(key, "loading…") for key in waiting})
                continue
            try:
                classifier = waiting.pop(ready).result()
                size = classifier.config.image_size
                if size not in squares:
                    squares[size] = to_square(photo, size)
                found = self._remembered(classifier, squares[size])
            except WeightsError as error:
                yield Answer(ready, reason=str(error))
                continue
            yield Answer(ready, tuple(p for v, p in found.items() if (ready, v) in wanted))

    def loaded(self, backbone: str) -> bool:
        """Whether a backbone can answer at once."""
        load = self._loads.get(backbone)
        return load is not None and load.done() and load.exception() is None

    def load(self, backbone: str) -> Classifier:
        """Fetch and load a backbone, once; what is broken is disabled. Raises `WeightsError`."""
        return self._begin(backbone).result()

    def _begin(self, backbone: str) -> Future[Classifier]:
        """The load of a backbone: one that is there, one under way, or a new one."""
        with self._lock:
            load = self._loads.get(backbone)
            if load is None or (load.done() and load.exception() is not None):
                load = self._loads[backbone] = Future()
                # A thread that ends with the process: nobody waits for a download that hangs.
                threading.Thread(target=self._run, args=(backbone, load), daemon=True).start()
            return load

    def _run(self, backbone: str, load: "Future[Classifier]") -> None:
        def progress(share: float, doing: str) -> None:
            self._doing[backbone] = f"{doing}, {100 * share:.0f} %"

        try:
            artifact = self.source.fetch(backbone, progress)
            self._doing.pop(backbone, None)
            try:
                load.set_result(Classifier(artifact, self._threads))
            except WeightsError as error:
                self.source.disable(backbone, str(error))
                raise
        except BaseException as error:  # For whoever asks for the result.
            load.set_exception(error)

    def _remembered(self, classifier: Classifier, photo: np.ndarray) -> dict[Variant, Prediction]:
        """As `classifier.predict`; a repeated photo has the `milliseconds` of its first pass.

        Photos come again: as examples, for a second look, with another choice of models. Passes
        that were asked for longest ago are forgotten, beyond `REMEMBERED` and `REMEMBERED_BYTES`.
        """
        backbone = classifier.backbone.key
        key = (backbone, hashlib.blake2b(photo.tobytes(), digest_size=16).digest())
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        try:
            found = classifier.predict(photo)
        except WeightsError as error:
            self._disable(backbone, str(error))
            raise
        with self._lock:
            # Somebody else may have asked the same meanwhile.
            self._recent_bytes += _bytes_of(found) - _bytes_of(self._recent.pop(key, {}))
            self._recent[key] = found
            while len(self._recent) > REMEMBERED or self._recent_bytes > REMEMBERED_BYTES:
                _, forgotten = self._recent.popitem(last=False)
                self._recent_bytes -= _bytes_of(forgotten)
        return found

    def _disable(self, backbone: str, reason: str) -> None:
        self.source.disable(backbone, reason)
        with self._lock:
            self._loads.pop(backbone, None)


def in_order(predictions: Iterable[Prediction], models: Sequence[Model]) -> list[Prediction]:
    """The predictions in the order of `models`, whichever came first."""
    place = {model: i for i, model in enumerate(models)}
    return sorted(predictions, key=lambda p: place[p.model])


def _bytes_of(found: Mapping[Variant, Prediction]) -> int:
    """What the arrays of a pass take."""
    return sum(p.probabilities.nbytes + p.focus.nbytes for p in found.values())


def _cost(entry: Entry) -> float:
    """Orders backbones from fast to slow: by measured latency, else by size."""
    if entry.metrics and entry.metrics.latency_ms:
        return entry.metrics.latency_ms
    # Some 4 ms per megabyte lies between the fastest and the slowest backbone.
    return entry.config.files[ARTIFACT].bytes / 250_000 if entry.config else 0.0
