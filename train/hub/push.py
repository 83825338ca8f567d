"""Push a weights folder to the Hub: one commit, so that no reader sees half a set, and a tag."""

import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from flowers.backbones import BACKBONES
from flowers.errors import HubError, WeightsError
from flowers.photos import SUFFIXES
from flowers.weights.folder import (
    BACKBONE_FILES,
    CARD,
    CONFIG,
    METRICS,
    ROOT_FILES,
    backbone_folders,
    check_file,
    read_config,
)
from flowers.weights.hub import explain, hub_api, hub_errors, patiently
from flowers.weights.hub_source import EXAMPLES
from flowers.weights.results import read_metrics
from train.hub.card import Model, model_card, own_part, read_models
from train.hub.commit import (
    ATTEMPTS,
    PATIENCE,
    Content,
    PushedFile,
    Remote,
    commit,
    compare,
    listing,
    look,
    start_over,
)

log = logging.getLogger(__name__)


@dataclass
class PushReport:
    """What a push did, or would do. As a string: lines for people."""

    repo: str
    url: str
    """Where people look at it."""
    dry_run: bool
    created: bool = False
    """The repository did not exist before."""
    commit: str | None = None
    """Full hash of the commit that holds the folder."""
    committed: bool = False
    """Whether that commit is new."""
    tag: str | None = None
    files: list[PushedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [*listing(self.files), *self.notes]
        if self.dry_run:
            verb = "would be created" if self.created else "exists"
            lines.append(f"Nothing was sent: this was a dry run. {self.url} {verb}.")
        elif self.committed:
            lines.append(f"Pushed to {self.url} as {self.tag}, commit {self.commit}")
        else:
            lines.append(f"{self.url} holds exactly this already, as {self.tag}: {self.commit}")
        return "\n".join(lines)


def prepare_push(repo: str, private: bool = False) -> None:
    """Create USER/REPO if it is missing and see that one may write to it. Raises `HubError`.

    For before a training, after which it would be sad to learn that the token is a wrong one.
    """
    api = hub_api(PATIENCE)
    with hub_errors(repo):
        remote = look(api, repo)
        if remote is None:
            patiently(lambda: api.create_repo(repo, private=private, exist_ok=True))
        else:
            _check_private(repo, remote, private)
        patiently(lambda: api.auth_check(repo, write=True))


def push(
    weights: Path,
    repo: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    tag: str | None = None,
    license: str | None = None,
) -> PushReport:
    """Push a weights folder to USER/REPO, creating it if missing, and tag the commit.

    Files of other backbones that the repository holds stay. A folder that is there already makes
    no commit. Without `tag` the next free one of v1, v2, … is taken. `license` is an identifier of
    the Hub. Raises `WeightsError` when the folder is not whole, and `HubError`.
    """
    local = _checked_files(weights)
    _check_tag(tag)
    api = hub_api(PATIENCE)

    def attempt() -> PushReport:
        report = PushReport(repo, f"{constants.ENDPOINT}/{repo}", dry_run)
        _push_once(api, weights, local, report, private, tag, license)
        return report

    return start_over(attempt, repo)


def _push_once(
    api: HfApi,
    weights: Path,
    local: dict[str, Path],
    report: PushReport,
    private: bool,
    tag: str | None,
    license: str | None,
) -> None:
    repo = report.repo
    remote = look(api, repo)
    if remote is None:
        report.created = True
        if not report.dry_run:
            patiently(lambda: api.create_repo(repo, private=private, exist_ok=True))
            remote = look(api, repo)
    else:
        _check_private(repo, remote, private)

    contents: dict[str, Content] = {**local, CARD: _card(weights, remote, report, license).encode()}
    report.files = compare(contents, _stale(local, remote), remote)
    if remote is None:
        if report.dry_run:
            return
        raise HubError(f"{repo} was created but cannot be read; use a token that may read it.")
    report.commit = remote.head
    changes = any(file.change != "unchanged" for file in report.files)
    if tag in remote.tags and (changes or remote.tags[tag] != remote.head):
        raise HubError(f"{repo} has the tag {tag} already; choose another name for this.")
    if report.dry_run:
        return
    names = ", ".join(BACKBONES[folder.name].name for folder in backbone_folders(weights))
    made = commit(api, repo, contents, report.files, remote, f"Weights of {names}")
    report.committed = made is not None
    report.commit = made or remote.head
    report.tag = _tag(api, repo, report.commit, dict(remote.tags), tag)


def _check_private(repo: str, remote: Remote, private: bool) -> None:
    if private and not remote.private:
        raise HubError(f"{repo} is public; make it private first or push without --private.")


def _checked_files(weights: Path) -> dict[str, Path]:
    """Path in the repository -> path here, of a folder that is whole. Raises `WeightsError`."""
    folders = backbone_folders(weights)
    if not folders:
        raise WeightsError(
            f"{weights} holds no weights; give the folder that `python -m train fit --out` wrote."
        )
    files = {name: weights / name for name in ROOT_FILES if name != CARD}
    for folder in folders:
        config = read_config(folder)
        for name in config.files:
            check_file(folder, config, name)
        if (folder / METRICS).is_file():
            read_metrics(folder)
        names = {CONFIG, METRICS, *config.files}
        files |= {f"{folder.name}/{name}": folder / name for name in names}
    for path in sorted((weights / EXAMPLES).glob("*")):
        if path.suffix.lower() in SUFFIXES:
            files[f"{EXAMPLES}/{path.name}"] = path
    return {name: path for name, path in files.items() if path.is_file()}


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


def _stale(local: dict[str, Path], remote: Remote | None) -> Iterator[str]:
    """Files that a former push left in the folders pushed now and that are gone here."""
    folders = {path.split("/")[0] for path in local if "/" in path}
    for path in sorted(remote.files if remote else ()):
        folder, _, name = path.partition("/")
        ours = name in BACKBONE_FILES or folder == EXAMPLES
        if ours and folder in folders and path not in local:
            yield path


def _card(weights: Path, remote: Remote | None, report: PushReport, license: str | None) -> str:
    """The card of what the repository will hold: this folder and other backbones there."""
    here = weights / CARD
    previous = here.read_text(encoding="utf-8") if here.is_file() else ""
    models = {model.config.backbone: model for model in read_models(weights)}
    if remote:
        if CARD in remote.files:
            there = _download(report.repo, CARD, remote).read_text(encoding="utf-8")
            if own_part(there) or not own_part(previous):
                if own_part(previous) not in ("", own_part(there)):
                    report.notes.append(
                        f"Your own words in {here} were not sent: the card there has others."
                    )
                previous = there
        models |= {m.config.backbone: m for m in _others(report.repo, remote, set(models))}
    ordered = [models[key] for key in BACKBONES if key in models]
    return model_card(ordered, report.repo, license, previous)


def _others(repo: str, remote: Remote, ours: set[str]) -> Iterator[Model]:
    for backbone in BACKBONES:
        if backbone in ours or f"{backbone}/{CONFIG}" not in remote.files:
            continue
        try:
            folder = _download(repo, f"{backbone}/{CONFIG}", remote).parent
            metrics = None
            if f"{backbone}/{METRICS}" in remote.files:
                metrics = read_metrics(_download(repo, f"{backbone}/{METRICS}", remote).parent)
            yield Model(read_config(folder), metrics)
        except WeightsError as error:
            log.warning("The card leaves %s out: %s", BACKBONES[backbone].name, error)


def _download(repo: str, path: str, remote: Remote) -> Path:
    return Path(hf_hub_download(repo, path, revision=remote.head))


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
