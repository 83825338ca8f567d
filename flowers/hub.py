"""Where the app takes its weights: a local weights folder, or a Hub repository copied to disk."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowers.backbones import BACKBONES
from flowers.results import Metrics, Published, read_metrics, read_published
from flowers.weights import ARTIFACT, METRICS, Config, WeightsError, check_file, read_config

log = logging.getLogger(__name__)

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "weights"

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


class LocalWeights:
    """A weights folder on this machine."""

    def __init__(self, root: Path) -> None:
        """Raises `WeightsError` when `root` is no folder."""
        if not root.is_dir():
            raise WeightsError(
                f"{root} is no weights folder; set FLOWERS_WEIGHTS to one or train one."
            )
        self.root = root
        self._broken: dict[str, str] = {}

    @property
    def origin(self) -> str:
        """For the page: where the weights come from."""
        return f"the folder {self.root.name}/"

    def entries(self) -> dict[str, Entry]:
        """All six backbones, usable or not, in the order of `BACKBONES`."""
        return {key: self._entry(key) for key in BACKBONES}

    def fetch(self, backbone: str, progress: Progress | None = None) -> Path:
        """Return the checked folder of a backbone. Raises `WeightsError`; see `entries` after."""
        folder = self.root / backbone
        try:
            check_file(folder, read_config(folder), ARTIFACT)
        except WeightsError as error:
            self.disable(backbone, str(error))
            raise
        return folder

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
        if backbone in self._broken:
            return Entry(backbone, reason=self._broken[backbone])
        if not folder.is_dir():
            name = BACKBONES[backbone].name
            return Entry(
                backbone,
                reason=f"No weights of {name} are here; train them with "
                f"`python -m train fit --backbones {backbone}`.",
            )
        try:
            config = read_config(folder)
            if not (folder / ARTIFACT).is_file():
                raise WeightsError(f"{backbone}/{ARTIFACT} is missing; pull or train it again.")
            metrics = read_metrics(folder) if (folder / METRICS).is_file() else None
        except WeightsError as error:
            return Entry(backbone, reason=str(error))
        return Entry(backbone, config, metrics)


def weights_from_environment() -> LocalWeights:
    """The weights that the environment names. Raises `WeightsError`."""
    return LocalWeights(Path(os.environ.get("FLOWERS_WEIGHTS") or DEFAULT_FOLDER))
