"""A Hub repository as a source of weights: pinned to one commit, verified, offline if need be.

Only files of known names are asked for, so whatever else lies in a repository is never fetched. At
the start come the small ones; an artifact comes when its backbone is first chosen.
"""

import logging
import re
import threading
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import IncompleteSnapshotError, RevisionResolutionError

from flowers.backbones import BACKBONES
from flowers.errors import WeightsError
from flowers.photos import SUFFIXES
from flowers.weights.folder import (
    ARTIFACT,
    CARD,
    CONFIG,
    METRICS,
    PUBLISHED,
    check_file,
    read_config,
)
from flowers.weights.hub import explain, hub_api, hub_errors, patiently
from flowers.weights.source import Entry, Progress, WeightsSource

log = logging.getLogger(__name__)

EXAMPLES = "examples"
"""Folder of a weights folder whose photos the page offers."""

SMALL_FILES = [
    CARD,
    PUBLISHED,
    *(f"{key}/{name}" for key in BACKBONES for name in (CONFIG, METRICS)),
    *(f"{EXAMPLES}/*{suffix}" for suffix in sorted(SUFFIXES)),
]
"""All that is fetched before a backbone is chosen."""


def is_served(path: str) -> bool:
    """Whether an app would ever fetch this file of a repository."""
    artifacts = [f"{key}/{ARTIFACT}" for key in BACKBONES]
    return any(fnmatchcase(path, pattern) for pattern in [*SMALL_FILES, *artifacts])


class HubWeights(WeightsSource):
    """A Hub repository at one commit."""

    def __init__(self, repo: str, revision: str | None = None) -> None:
        """Resolve `revision` (tag, branch or full hash) and fetch all small files.

        Without a network the cache serves. Raises `HubError` when it cannot either.
        """
        super().__init__()
        self.repo = repo
        self.revision = revision or "main"
        self._locks = {key: threading.Lock() for key in BACKBONES}
        with hub_errors(repo, self.revision):
            self.commit, self.root = self._open(hub_api())
        log.info("Weights come from %s", self.origin)
        self._read = {key: super(HubWeights, self)._entry(key) for key in BACKBONES}

    @property
    def origin(self) -> str:
        """For the page: where the weights come from, to stand in a sentence."""
        at = self.revision if self.revision == self.commit else f"{self.revision}, {self.commit}"
        kept = ", from the cache of this machine" if self.notice else ""
        return f"the Hub repository {self.repo} ({at}){kept}"

    def fetch(self, backbone: str, progress: Progress | None = None) -> Path:
        """Return the checked folder of a backbone, downloading its artifact if need be.

        Raises `WeightsError`. An artifact that is not what `config.json` says disables the
        backbone; an interrupted download does not.
        """
        folder = self.root / backbone
        with self._locks[backbone]:
            try:
                config = read_config(folder)
            except WeightsError as error:
                self.disable(backbone, str(error))
                raise
            cached = (folder / ARTIFACT).is_file()
            try:
                if not cached:
                    self._download(backbone, progress)
                check_file(folder, config, ARTIFACT)
            except WeightsError as error:
                if not (folder / ARTIFACT).is_file():
                    raise  # The network failed, not the weights.
                if not (cached and self._repair(backbone, progress)):
                    self.disable(backbone, str(error))
                    raise
        return folder

    def _entry(self, backbone: str) -> Entry:
        name = BACKBONES[backbone].name
        folder = self.root / backbone
        entry = self._read[backbone]
        if not (folder / CONFIG).is_file():
            return Entry(backbone, reason=f"{self.repo} has no weights of {name} at this revision.")
        if entry.available and self.notice and not (folder / ARTIFACT).is_file():
            return Entry(backbone, reason=f"{name} was not fetched while the Hub could be reached.")
        return entry

    def _open(self, api: HfApi) -> tuple[str, Path]:
        """Return the commit and the folder that holds its small files."""
        repo = str(self.repo)
        try:
            if not re.fullmatch(r"[0-9a-f]{40}", self.revision):
                # Raises where the next line would take a cached hash and say nothing of it.
                patiently(lambda: api.repo_info(repo, revision=self.revision))
            found = api.resolve_revision(repo, revision=self.revision)
            folder = snapshot_download(repo, revision=found.resolved, allow_patterns=SMALL_FILES)
            return found.resolved, Path(folder)
        except (OSError, ValueError, httpx2.HTTPError, RevisionResolutionError) as error:
            # ValueError: some portal answers for the Hub, and not in JSON.
            try:
                found = api.resolve_revision(repo, revision=self.revision, local_files_only=True)
                folder = self._cached(found.resolved)
            except (OSError, RevisionResolutionError):
                raise error from None
            reason = explain(error, repo, self.revision).rstrip(".")
            self.notice = f"{reason}. The cached copy serves instead."
            log.warning("%s", self.notice)
            return found.resolved, Path(folder)

    def _cached(self, commit: str) -> str:
        try:
            return snapshot_download(
                str(self.repo), revision=commit, allow_patterns=SMALL_FILES, local_files_only=True
            )
        except IncompleteSnapshotError as error:
            return str(error.snapshot_path)  # Whatever is there serves.

    def _download(self, backbone: str, progress: Progress | None, force: bool = False) -> None:
        with hub_errors(str(self.repo), self.revision):
            hf_hub_download(
                str(self.repo),
                f"{backbone}/{ARTIFACT}",
                revision=self.commit,
                force_download=force,
                tqdm_class=_bar(progress, BACKBONES[backbone].name) if progress else None,
            )

    def _repair(self, backbone: str, progress: Progress | None) -> bool:
        """Fetch a damaged cached artifact once more; say whether that helped."""
        folder = self.root / backbone
        try:
            self._download(backbone, progress, force=True)
            check_file(folder, read_config(folder), ARTIFACT)
        except WeightsError as error:
            log.warning("%s", error)
            return False
        return True


def _bar(progress: Progress, name: str) -> type:
    """A progress bar class, as huggingface_hub wants one, that reports to `progress`."""

    class Bar:
        def __init__(self, total: int | None = None, initial: int = 0, **_: Any) -> None:
            self.total = total
            self.n = initial

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def update(self, n: float | None = 1) -> None:
            self.n += int(n or 0)
            if self.total:
                share = min(self.n / self.total, 1.0)
                progress(
                    share, f"Downloading {name}, {self.n / 1e6:.1f} of {self.total / 1e6:.1f} MB"
                )

        def update_transfer(self, n: float | None = 1) -> None:
            """Bytes on the wire; what is on disk is what counts here."""

        def set_postfix_str(self, *_: object, **__: object) -> None: ...

        def set_transfer_postfix_str(self, *_: object, **__: object) -> None: ...

        def close(self) -> None: ...

    return Bar
