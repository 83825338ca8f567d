"""Push a weights folder to the Hub: one commit, so that no reader sees half a set, and a tag."""

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from flowers.backbones import BACKBONES
from flowers.errors import HubError, WeightsError
from flowers.weights.folder import (
    BACKBONE_FILES,
    CARD,
    CONFIG,
    EXAMPLES,
    MANIFEST,
    METRICS,
    backbone_folders,
)
from flowers.weights.hub import explain, hub_api, hub_errors, patiently
from flowers.weights.source import Entry, read_entry
from train.hub.card import model_card, own_part
from train.hub.commit import (
    ATTEMPTS,
    COMMIT_PATIENCE,
    CommitReport,
    Content,
    RepoHead,
    differences,
    open_repository,
    send,
    start_over,
)
from train.hub.contents import checked_files

log = logging.getLogger(__name__)


def prepare_push(repo: str, private: bool = False) -> None:
    """Create USER/REPO if it is missing and see that one may write to it. Raises `HubError`.

    Call it before a training: a bad token then fails in seconds, not hours.
    """
    api = hub_api(COMMIT_PATIENCE)
    with hub_errors(repo):
        open_repository(api, CommitReport(repo, "model"), private)
        patiently(lambda: api.auth_check(repo, write=True))


def push(
    weights: Path,
    repo: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
    license: str | None = None,
) -> CommitReport:
    """Push a weights folder to USER/REPO, creating it if missing, and tag the commit.

    Files of other backbones that the repository holds stay. A folder that is there already makes
    no commit. Without `tag` the next free one of v1, v2, … is taken. `license` is an identifier of
    the Hub. Raises `WeightsError` when the folder is not whole, and `HubError`.
    """
    local = checked_files(weights)
    _check_tag(tag)
    folders = {path.split("/")[0] for path in local if "/" in path}
    names = ", ".join(BACKBONES[folder.name].name for folder in backbone_folders(weights))
    api = hub_api(COMMIT_PATIENCE)

    def ours(path: str) -> bool:
        folder, _, name = path.partition("/")
        return folder in folders and (name in BACKBONE_FILES or folder == EXAMPLES)

    def attempt() -> CommitReport:
        report = CommitReport(repo, "model", dry_run)
        head = open_repository(api, report, private)
        card = _card(weights, head, report, license)
        contents: dict[str, Content] = {**local, CARD: card.encode()}
        report.files = differences(contents, head, ours)
        if head and tag in head.tags and (report.changes or head.tags[tag] != head.commit):
            raise HubError(f"{repo} has the tag {tag} already; choose another name for this.")
        send(api, report, contents, head, f"Weights of {names}")
        if head and report.commit and not dry_run:
            report.tag = _tag(api, repo, report.commit, head.tags, tag)
        return report

    return start_over(attempt, repo)


def _check_tag(tag: str | None) -> None:
    if tag is not None and (
        not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", tag)
        or tag == "main"
        or re.fullmatch(r"[0-9a-f]{7,40}", tag)
    ):
        raise WeightsError(
            f"A tag is a name of letters, digits, dots and dashes that is neither main nor a hash; "
            f"choose one like v1. Received: {tag!r}"
        )


def _card(weights: Path, head: RepoHead | None, report: CommitReport, license: str | None) -> str:
    """The card of what the repository will hold: this folder and other backbones there."""
    here = weights / CARD
    previous = here.read_text(encoding="utf-8") if here.is_file() else ""
    entries = {folder.name: read_entry(folder) for folder in backbone_folders(weights)}
    if head:
        if CARD in head.files:
            there = _download(report.repo, CARD, head).read_text(encoding="utf-8")
            if own_part(there) or not own_part(previous):
                if own_part(previous) not in ("", own_part(there)):
                    report.notes.append(
                        f"Your own words in {here} were not sent: the card there has others."
                    )
                previous = there
        others = list(_others(report.repo, head, set(entries)))
        if apart := _trained_apart(entries.values(), others):
            report.notes.append(
                f"{', '.join(apart)} there were trained on other photos or another split than "
                f"these; {MANIFEST} there now tells of these alone."
            )
        entries |= {e.backbone: e for e in others}
    ordered = [entries[key] for key in BACKBONES if key in entries]
    return model_card(ordered, report.repo, license, previous)


def _trained_apart(ours: Iterable[Entry], others: Iterable[Entry]) -> list[str]:
    """Names of other backbones whose training photos our manifest does not tell."""
    splits = {entry.config.data_fingerprint for entry in ours if entry.config}
    return [
        BACKBONES[entry.backbone].name
        for entry in others
        if entry.config and entry.config.data_fingerprint not in splits
    ]


def _others(repo: str, head: RepoHead, ours: set[str]) -> Iterator[Entry]:
    """Other backbones that the repository holds and that can be read."""
    for backbone in BACKBONES:
        if backbone in ours or f"{backbone}/{CONFIG}" not in head.files:
            continue
        folder = _download(repo, f"{backbone}/{CONFIG}", head).parent
        if f"{backbone}/{METRICS}" in head.files:
            _download(repo, f"{backbone}/{METRICS}", head)
        entry = read_entry(folder)
        if entry.available:
            yield entry
        else:
            log.warning("The card leaves %s out: %s", BACKBONES[backbone].name, entry.reason)


def _download(repo: str, path: str, head: RepoHead) -> Path:
    return Path(hf_hub_download(repo, path, revision=head.commit))


def _tag(api: HfApi, repo: str, commit: str, tags: dict[str, str], tag: str | None) -> str:
    """Tag the commit and return the tag's name; without a wish, a tag that it has will do."""
    for name, tagged in tags.items():
        if tagged == commit and tag in (None, name):
            return name
    free = (f"v{number}" for number in range(1, sys.maxsize) if f"v{number}" not in tags)
    for name in [tag] if tag else islice(free, ATTEMPTS):
        try:
            patiently(partial(api.create_tag, repo, tag=name, revision=commit))
        except (HfHubHTTPError, httpx2.HTTPError) as error:
            taken = isinstance(error, HfHubHTTPError) and error.response.status_code == 409
            if taken and tag is None:
                continue  # Another push was quicker.
            raise HubError(
                f"{repo} holds the weights as {commit} but could not be tagged; push again to add "
                f"the tag. Received: {explain(error, repo)}"
            ) from error
        return name
    raise HubError(f"Others keep tagging {repo}; push again with a tag of your own.")
