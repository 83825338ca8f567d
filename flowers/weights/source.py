"""Where the app takes its weights: a local weights folder, or a Hub repository copied to disk.

Both kinds are used alike, through `WeightsSource`; see `hubweights.py` for the Hub.
"""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowers.backbones import BACKBONES
from flowers.errors import WeightsError
from flowers.weights.folder import ARTIFACT, METRICS, Config, check_file, read_config
from flowers.weights.results import Metrics, Published, read_metrics, read_published

log = logging.getLogger(__name__)

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "weights"

Progress = Callable[[float, str], None]
"""Called with a share from 0 to 1 and what is being done."""


@dataclass(frozen=True)
class Entry:
    """One backbone of a weights source: usable, or the reason why not."""

    backbone: str
    config: Config | None = None
    metrics: Metrics | None = None
    reason: str | None = None
    """One sentence, when the backbone cannot be used."""

    @property
    def available(self) -> bool:
        """Whether the backbone can be chosen."""
        return self.reason is None


class WeightsSource(ABC):
    """Weights of up to six backbones. Safe to use from several threads."""

    root: Path
    """Folder laid out as a weights folder; not all files need be there yet."""
    repo: str | None = None
    """The Hub repository, USER/REPO."""
    commit: str | None = None
    """The full hash that the Hub repository was resolved to."""
    notice: str | None = None
    """One sentence for the page when these are other weights than asked for, or cached ones."""

    def __init__(self) -> None:
        self._broken: dict[str, str] = {}

    @property
    @abstractmethod
    def origin(self) -> str:
        """For the page: where the weights come from, to stand in a sentence."""

    def entries(self) -> dict[str, Entry]:
        """All six backbones, usable or not, in the order of `BACKBONES`."""
        return {
            key: Entry(key, reason=self._broken[key]) if key in self._broken else self._entry(key)
            for key in BACKBONES
        }

    @abstractmethod
    def fetch(self, backbone: str, progress: Progress | None = None) -> Path:
        """Return the checked folder of a backbone, ready to load. Raises `WeightsError`.

        Files that are not what `config.json` says disable the backbone; see `entries` after.
        """

    def disable(self, backbone: str, reason: str) -> None:
        """Take a backbone out of the choice, with its reason in the page and in the log."""
        log.warning("%s is disabled: %s", BACKBONES[backbone].name, reason)
        self._broken[backbone] = reason

    def published(self) -> Published | None:
        """The published study's figures, or None where the folder has none that can be read."""
        for root in (self.root, DEFAULT_FOLDER):
            try:
                return read_published(root)
            except WeightsError as error:
                log.debug("%s", error)
        return None

    def _entry(self, backbone: str) -> Entry:
        folder = self.root / backbone
        try:
            config = read_config(folder)
            metrics = None
            if (folder / METRICS).is_file():
                if METRICS in config.files:  # Edited figures are not measured ones.
                    check_file(folder, config, METRICS)
                metrics = read_metrics(folder)
        except WeightsError as error:
            return Entry(backbone, reason=str(error))
        return Entry(backbone, config, metrics)


class LocalWeights(WeightsSource):
    """A weights folder on this machine."""

    def __init__(self, root: Path, notice: str | None = None) -> None:
        """Raises `WeightsError` when `root` is no folder."""
        super().__init__()
        if not root.is_dir():
            raise WeightsError(
                f"{root} is no weights folder; set FLOWERS_WEIGHTS to one or train one."
            )
        self.root = root
        self.notice = notice
        # Read once, as artifacts are: figures and weights that are shown belong together.
        self._read = {key: self._read_entry(key) for key in BACKBONES}

    @property
    def origin(self) -> str:
        """For the page: where the weights come from, to stand in a sentence."""
        return f"the folder {self.root.resolve().name}/"

    def fetch(self, backbone: str, progress: Progress | None = None) -> Path:
        """Return the checked folder of a backbone, ready to load. Raises `WeightsError`."""
        folder = self.root / backbone
        try:
            check_file(folder, read_config(folder), ARTIFACT)
        except WeightsError as error:
            self.disable(backbone, str(error))
            raise
        return folder

    def _entry(self, backbone: str) -> Entry:
        return self._read[backbone]

    def _read_entry(self, backbone: str) -> Entry:
        folder = self.root / backbone
        if not folder.is_dir():
            return Entry(
                backbone,
                reason=f"No weights of {BACKBONES[backbone].name} are here; train them with "
                f"`python -m train fit --backbones {backbone}`.",
            )
        entry = super()._entry(backbone)
        if entry.available and not (folder / ARTIFACT).is_file():
            return Entry(
                backbone, reason=f"{backbone}/{ARTIFACT} is missing; pull or train it again."
            )
        return entry


def weights_from_environment() -> WeightsSource:
    """The weights that the environment names. Raises `WeightsError`.

    FLOWERS_REPO at FLOWERS_REVISION where it is set and can be had, from the Hub or from the cache;
    else the folder FLOWERS_WEIGHTS, with a notice when that is not what was asked for.
    """
    folder = Path(os.environ.get("FLOWERS_WEIGHTS") or DEFAULT_FOLDER)
    repo = os.environ.get("FLOWERS_REPO")
    if not repo:
        return LocalWeights(folder)
    from flowers.weights.hub_source import (
        HubWeights,  # The Hub's client loads only where it is wanted.
    )

    try:
        return HubWeights(repo, os.environ.get("FLOWERS_REVISION") or None)
    except WeightsError as error:
        log.error("%s", error)
        if not folder.is_dir():
            raise
        reason = str(error).rstrip(".")
        return LocalWeights(folder, notice=f"{reason}. The folder {folder.name}/ serves instead.")
