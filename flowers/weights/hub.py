"""How this project talks to the Hub: time limits, polite waiting, errors of one sentence.

The token comes from where huggingface_hub takes it and stays there. A repository is pinned to one
commit, and only files of known names are asked for: whatever else lies there is never fetched.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from huggingface_hub import (
    HfApi,
    constants,
    hf_hub_download,
    set_client_factory,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    IncompleteSnapshotError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)
from huggingface_hub.utils import tqdm

# Private, since what is public replaces the whole client: its hooks and redirects are to stay.
from huggingface_hub.utils._http import default_client_factory

from flowers.errors import HubError, WeightsError, said
from flowers.weights.folder import SMALL_FILES

log = logging.getLogger(__name__)

LONGEST_WAIT = 60
"""Seconds that a Hub may ask us to wait; asked for more, we give up and say so."""

OnProgress = Callable[[float, str], None]
"""Called with a share from 0 to 1 and what is being done."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Snapshot:
    """A Hub repository at one commit, whose small files lie in a folder of this machine."""

    repo: str
    """USER/REPO."""
    revision: str
    """What was asked for: a tag, a branch or a full hash."""
    commit: str
    """The full hash that `revision` was resolved to."""
    root: Path
    notice: str | None = None
    """One sentence, when the cache serves because the Hub cannot be had."""

    @property
    def origin(self) -> str:
        """To stand in a sentence of the page."""
        at = self.revision if self.revision == self.commit else f"{self.revision}, {self.commit}"
        kept = ", from the cache of this machine" if self.notice else ""
        return f"the Hub repository {self.repo} ({at}){kept}"

    def download(
        self, file: str, title: str, progress: OnProgress | None = None, again: bool = False
    ) -> None:
        """Put a file of the commit into `root`; `again` even if it is there. Raises `HubError`."""
        with hub_errors(self.repo, self.revision):
            hf_hub_download(
                self.repo,
                file,
                revision=self.commit,
                force_download=again,
                tqdm_class=progress_bar(progress, title) if progress else None,
            )


def open_snapshot(repo: str, revision: str | None = None) -> Snapshot:
    """Resolve `revision` (tag, branch or full hash; default main) and fetch all small files.

    Without a network the cache serves. Raises `HubError` when it cannot either.
    """
    revision = revision or "main"
    with hub_errors(repo, revision):
        api = hub_api()
        try:
            if not re.fullmatch(r"[0-9a-f]{40}", revision):
                # Raises where the next line would take a cached hash and say nothing of it.
                patiently(lambda: api.repo_info(repo, revision=revision))
            commit = api.resolve_revision(repo, revision=revision).resolved
            root = snapshot_download(repo, revision=commit, allow_patterns=[*SMALL_FILES])
            return Snapshot(repo, revision, commit, Path(root))
        except (OSError, ValueError, httpx2.HTTPError, RevisionResolutionError) as error:
            # ValueError: some portal answers for the Hub, and not in JSON.
            cached = _cached_snapshot(api, repo, revision, error)
            if cached is None:
                raise
            log.warning("%s", cached.notice)
            return cached


def _cached_snapshot(api: HfApi, repo: str, revision: str, error: BaseException) -> Snapshot | None:
    """What the cache has of a revision that cannot be had because of `error`."""
    try:
        commit = api.resolve_revision(repo, revision=revision, local_files_only=True).resolved
        root = snapshot_download(
            repo, revision=commit, allow_patterns=[*SMALL_FILES], local_files_only=True
        )
    except IncompleteSnapshotError as incomplete:  # Whatever is there serves.
        root = str(incomplete.snapshot_path)
    except (OSError, RevisionResolutionError):
        return None
    notice = f"{why_cached(error, repo, revision)} The cached copy serves instead."
    return Snapshot(repo, revision, commit, Path(root), notice)


def progress_bar(progress: OnProgress, title: str) -> type[tqdm]:
    """A bar that reports to `progress` instead of the terminal, for `tqdm_class` of a download."""

    class Bar(tqdm):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **{**settings, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self.total:
                done = f"{self.n / 1e6:.1f} of {self.total / 1e6:.1f} MB"
                progress(min(self.n / self.total, 1.0), f"Downloading {title}, {done}")

        # With these the Hub's own transfers make one bar, of what is on disk, and not a second one
        # of what is on the wire.
        def update_transfer(self, n: float | None = 1) -> None: ...

        def set_transfer_postfix_str(self, *_: object, **__: object) -> None: ...

    return Bar


def hub_api(patience: float = constants.HF_HUB_ETAG_TIMEOUT) -> HfApi:
    """A client whose every request fails after `patience` seconds of silence.

    huggingface_hub waits forever for most answers, and an app that starts must not. The limit
    holds for all of its requests in this process; a later call sets it anew.
    """

    def limit(request: httpx2.Request) -> None:
        # A hook, since huggingface_hub overrules the client's own timeout by None in many calls.
        asked = request.extensions.get("timeout") or {}
        kinds = ("connect", "read", "write", "pool")
        limits = {kind: asked.get(kind) or patience for kind in kinds}
        request.extensions = {**request.extensions, "timeout": limits}

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {**hooks, "request": [*hooks["request"], limit]}
        return made

    set_client_factory(client)
    return HfApi()


def patiently(call: Callable[[], _T], attempts: int = 3) -> _T:
    """Call again after the time that the Hub asks for when it has had too many requests."""
    for _ in range(attempts - 1):
        try:
            return call()
        except HfHubHTTPError as error:
            wait = seconds_asked_for(error)
            if wait is None or wait > LONGEST_WAIT:
                raise
            time.sleep(wait)
    return call()


def seconds_asked_for(error: HfHubHTTPError) -> int | None:
    """How long the Hub asks to be left alone, when that is what it answered."""
    if error.response.status_code not in (429, 503):
        return None
    value = error.response.headers.get("Retry-After", "")
    return int(value) if value.isdecimal() else None


@contextmanager
def hub_errors(repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the Hub's client raises within the block into `HubError`."""
    try:
        yield
    except WeightsError:
        raise
    except (
        OSError,
        ValueError,
        RuntimeError,
        httpx2.HTTPError,
        EntryNotFoundError,
        RevisionResolutionError,
    ) as error:
        raise HubError(explain(error, repo, revision)) from error


def why_cached(error: BaseException, repo: str, revision: str | None = None) -> str:
    """Say in one sentence why what the cache has of a repository is taken."""
    if any(isinstance(cause, OfflineModeIsEnabled) for cause in _causes(error)):
        # `explain` would say that the cache lacks what it has.
        return f"HF_HUB_OFFLINE is set, so the Hub was not asked for {repo}."
    return f"{explain(error, repo, revision).rstrip('.')}."


def explain(error: BaseException, repo: str, revision: str | None = None) -> str:
    """Say in one sentence what went wrong with a repository, and what to do about it."""
    hub = constants.ENDPOINT
    for cause in _causes(error):
        if isinstance(cause, OfflineModeIsEnabled):
            return f"{repo} is not in the cache and HF_HUB_OFFLINE is set; unset it to pull."
        if isinstance(cause, HFValidationError):
            return f"A Hub repository is called USER/REPO; correct the name. Received: {repo!r}"
        if isinstance(cause, GatedRepoError):
            return f"{repo} is gated; ask for access on {hub}/{repo} and set HF_TOKEN."
        if isinstance(cause, RevisionNotFoundError):
            return f"{repo} has no such tag, branch or commit; choose another. Received: {revision}"
        if isinstance(cause, RepositoryNotFoundError):
            return (
                f"{hub} has no repository {repo} that you may read; check the name, and log in "
                f"with `hf auth login` or HF_TOKEN if it is private."
            )
        if isinstance(cause, HfHubHTTPError):
            return _explain_status(cause, repo)
        if isinstance(cause, httpx2.TimeoutException):
            return f"{hub} did not answer in time for {repo}; try again later."
        if isinstance(cause, httpx2.TransportError):
            return f"{hub} cannot be reached for {repo}; check the network. Received: {said(cause)}"
    return f"{repo} could not be read or written; try again. Received: {said(error)}"


def _explain_status(error: HfHubHTTPError, repo: str) -> str:
    status = error.response.status_code
    said = f"Received: HTTP {status}" + (
        f", {' '.join(error.server_message.split())}" if error.server_message else ""
    )
    if status == 401:
        return (
            f"The Hub wants a valid token for {repo}; log in with `hf auth login` or set HF_TOKEN. "
            f"{said}"
        )
    if status == 402:
        return f"Creating {repo} needs a paid plan of the Hub; deploy with Docker instead. {said}"
    if status == 403:
        return f"Your token may not do this with {repo}; use one that may write to it. {said}"
    if status == 404:
        return f"The Hub has no such thing in {repo}; check name and revision. {said}"
    if status == 429:
        wait = seconds_asked_for(error)
        when = "later" if wait is None else f"in {wait} seconds"
        return f"The Hub has had too many requests; try {repo} again {when}. {said}"
    if status >= 500:
        return f"The Hub is out of order; try {repo} again later. {said}"
    return f"The Hub refused a request for {repo}. {said}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
