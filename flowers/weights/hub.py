"""How this project talks to the Hub: time limits, polite waiting, errors of one sentence.

The token comes from where huggingface_hub takes it and stays there.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from huggingface_hub import HfApi, constants, set_client_factory
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)
from huggingface_hub.utils._http import default_client_factory

from flowers.errors import HubError, WeightsError

LONGEST_WAIT = 60
"""Seconds that a Hub may ask us to wait; asked for more, we give up and say so."""

_T = TypeVar("_T")


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
            return (
                f"{hub} cannot be reached for {repo}; check the network. Received: {_line(cause)}"
            )
    return f"{repo} could not be read or written; try again. Received: {_line(error)}"


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


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
