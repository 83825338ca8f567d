"""Where the app takes its weights: a weights folder, or a Hub snapshot that becomes one."""

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flowers.backbones import BACKBONES
from flowers.errors import WeightsError
from flowers.weights.folder import (
    ARTIFACT,
    CONFIG,
    DEFAULT_FOLDER,
    METRICS,
    PUBLISHED,
    Artifact,
    Config,
    check_file,
    read_config,
)
from flowers.weights.hub import OnProgress, Snapshot, open_snapshot
from flowers.weights.published import Published, read_published
from flowers.weights.results import Metrics, read_metrics

log = logging.getLogger(__name__)

State = Literal["usable", "missing", "broken"]
"""`missing`: the source never had the backbone. `broken`: what it has cannot be used."""


@dataclass(frozen=True)
class Entry:
    """One backbone of a source."""

    backbone: str
    state: State
    config: Config | None = None
    """There whenever the backbone is usable."""
    metrics: Metrics | None = None
    reason: str | None = None
    """One sentence, when the backbone cannot be used."""

    @property
    def available(self) -> bool:
        """Whether the backbone can be chosen."""
        return self.state == "usable"


def read_entry(folder: Path) -> Entry:
    """Read what a backbone's folder says of itself, all but its weights."""
    key = folder.name
    if not (folder / CONFIG).is_file():
        reason = f"{key} has no {CONFIG}; train or pull it."
        return Entry(key, "missing", reason=reason)
    config = metrics = None
    try:
        config = read_config(folder)
        if (folder / METRICS).is_file():
            if METRICS in config.files:  # Edited figures are not measured ones.
                check_file(folder, config, METRICS)
            metrics = read_metrics(folder)
            if (metrics.backbone, metrics.classes) != (config.backbone, config.classes):
                raise WeightsError(
                    f"{key}/{METRICS} is of another model than {key}/{CONFIG}; restore it."
                )
    except WeightsError as error:
        return Entry(key, "broken", reason=str(error))
    return Entry(key, "usable", config, metrics)


class Source:
    """Weights of up to six backbones. Safe to use from several threads.

    Configs and figures are read once, when it is made: what is shown and what serves belong
    together. This is also where trust begins: `fetch` checks an artifact, whoever gets it need not.
    """

    def __init__(
        self, root: Path, notice: str | None = None, snapshot: Snapshot | None = None
    ) -> None:
        """`root` is laid out as a weights folder; of a snapshot, not all files need be there yet.

        Raises `WeightsError` when it is not a folder.
        """
        if not root.is_dir():
            raise WeightsError(
                f"{root} is not a weights folder; set FLOWERS_WEIGHTS to one or train one."
            )
        self.root = root
        self.notice = notice
        """One sentence for the page when these are other weights than asked for, or cached ones."""
        self._snapshot = snapshot
        self._entries = {key: self._read(key) for key in BACKBONES}
        self._locks = {key: threading.Lock() for key in BACKBONES}

    @classmethod
    def of_hub(cls, repo: str, revision: str | None = None) -> "Source":
        """A Hub repository at one commit. Raises `HubError`."""
        snapshot = open_snapshot(repo, revision)
        log.info("Weights come from %s", snapshot.origin)
        return cls(snapshot.root, snapshot.notice, snapshot)

    @property
    def repo(self) -> str | None:
        """The Hub repository, USER/REPO."""
        return self._snapshot.repo if self._snapshot else None

    @property
    def commit(self) -> str | None:
        """The full hash that the Hub repository was resolved to."""
        return self._snapshot.commit if self._snapshot else None

    @property
    def origin(self) -> str:
        """For the page: where the weights come from, to stand in a sentence."""
        if self._snapshot:
            return self._snapshot.origin
        return f"the folder {self.root.resolve().name}/"

    def entries(self) -> dict[str, Entry]:
        """All six backbones, usable or not, in the order of `BACKBONES`."""
        return dict(self._entries)

    def fetch(self, backbone: str, progress: OnProgress | None = None) -> Artifact:
        """Return the checked artifact of a backbone, downloading it if need be.

        Raises `WeightsError`. An artifact that is not what `config.json` says disables the
        backbone; an interrupted download does not.
        """
        with self._locks[backbone]:
            entry = self._entries[backbone]
            if entry.config is None or not entry.available:
                raise WeightsError(entry.reason or "")
            folder, snapshot = self.root / backbone, self._snapshot
            file, title = f"{backbone}/{ARTIFACT}", BACKBONES[backbone].name
            cached = (folder / ARTIFACT).is_file()
            if snapshot and not cached:
                snapshot.download(file, title, progress)
            try:
                return Artifact(check_file(folder, entry.config, ARTIFACT), entry.config)
            except WeightsError as error:
                try:
                    if snapshot and cached:  # A cache may be damaged; the Hub has the file.
                        snapshot.download(file, title, progress, again=True)
                        return Artifact(check_file(folder, entry.config, ARTIFACT), entry.config)
                except WeightsError as again:
                    log.warning("%s", again)
                self.disable(backbone, str(error))
                raise

    def disable(self, backbone: str, reason: str) -> None:
        """Take a backbone out of the choice, with its reason in the page and in the log."""
        log.warning("%s is disabled: %s", BACKBONES[backbone].name, reason)
        self._entries[backbone] = Entry(backbone, "broken", reason=reason)

    def published(self) -> Published | None:
        """The published study's figures, or None where neither folder has them."""
        for root in (self.root, DEFAULT_FOLDER):
            try:
                if (root / PUBLISHED).is_file():
                    return read_published(root)
            except WeightsError as error:
                log.warning("%s", error)
        return None

    def _read(self, backbone: str) -> Entry:
        name, folder = BACKBONES[backbone].name, self.root / backbone
        entry = read_entry(folder)
        here = (folder / ARTIFACT).is_file()
        if entry.state == "missing" and self._snapshot:
            reason = f"{self._snapshot.repo} has no weights of {name} at this revision."
        elif entry.state == "missing" and not folder.is_dir():
            reason = (
                f"No weights of {name} are here; train them with `python -m train fit "
                f"--data PHOTOS --out FOLDER --backbones {backbone}`."
            )
        elif entry.available and not here and not self._snapshot:
            reason = f"{backbone}/{ARTIFACT} is missing; pull or train it again."
        elif entry.available and not here and self.notice:
            reason = f"{name} was not fetched while the Hub could be reached."
        else:
            return entry
        state: State = "missing" if entry.state == "missing" else "broken"
        return Entry(backbone, state, reason=reason)


def weights_from_environment() -> Source:
    """The weights that the environment names. Raises `WeightsError`.

    FLOWERS_REPO at FLOWERS_REVISION where it is set and can be had, from the Hub or from the cache;
    else the folder FLOWERS_WEIGHTS, with a notice when that is not what was asked for.
    """
    folder = Path(os.environ.get("FLOWERS_WEIGHTS") or DEFAULT_FOLDER)
    repo = os.environ.get("FLOWERS_REPO")
    if not repo:
        return Source(folder)
    try:
        return Source.of_hub(repo, os.environ.get("FLOWERS_REVISION") or None)
    except WeightsError as error:
        log.error("%s", error)
        if not folder.is_dir():
            raise
        reason = str(error).rstrip(".")
        return Source(folder, notice=f"{reason}. The folder {folder.name}/ serves instead.")
