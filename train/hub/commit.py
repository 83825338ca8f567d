"""One commit to a Hub repository: what differs, what is said of it, and nothing when nothing does.

Weights and apps go the same way. `start_over` runs an attempt of these steps: `open_repository`,
`differences`, `send`.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile, constants
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from flowers.errors import HubError
from flowers.files import sha256_of
from flowers.weights.hub import hub_errors, patiently

log = logging.getLogger(__name__)

COMMIT_PATIENCE = 120.0
"""Seconds of silence until a request counts as failed: large commits take the Hub a while."""

ATTEMPTS = 5
"""How often an attempt is made because somebody else pushed in between."""

Change = Literal["new", "changed", "unchanged", "removed"]
RepoType = Literal["model", "space"]
Content = Path | bytes

_T = TypeVar("_T")


@dataclass(frozen=True)
class FileChange:
    """What a commit does to one file."""

    path: str
    bytes: int
    change: Change


@dataclass(frozen=True)
class RepoHead:
    """A repository as it is now."""

    commit: str
    """Full hash."""
    private: bool
    files: dict[str, RepoFile]
    tags: dict[str, str]
    """Name -> full hash."""


@dataclass
class CommitReport:
    """What was done to a repository, or would be. As a string: lines for people."""

    repo: str
    repo_type: RepoType
    dry_run: bool = False
    created: bool = False
    """The repository did not exist before."""
    commit: str | None = None
    """Full hash of the commit that holds the files."""
    committed: bool = False
    """Whether that commit is new."""
    tag: str | None = None
    files: list[FileChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    url: str = field(init=False)
    """Where people look at it."""

    def __post_init__(self) -> None:
        prefix = "spaces/" if self.repo_type == "space" else ""
        self.url = f"{constants.ENDPOINT}/{prefix}{self.repo}"

    @property
    def changes(self) -> bool:
        """Whether any file differs."""
        return any(file.change != "unchanged" for file in self.files)

    def __str__(self) -> str:
        uploads = [file for file in self.files if file.change in ("new", "changed")]
        size = sum(file.bytes for file in uploads)
        tag = f" as {self.tag}" if self.tag else ""
        if self.dry_run:
            verb = "would be created" if self.created else "exists"
            end = f"Nothing was sent: this was a dry run. {self.url} {verb}."
        elif self.committed:
            end = f"Pushed to {self.url}{tag}, commit {self.commit}"
        else:
            end = f"{self.url} holds exactly this already{tag and ','}{tag}: {self.commit}"
        return "\n".join(
            [
                *(f"{f.bytes:>13,} bytes  {f.change:<9}  {f.path}" for f in self.files),
                f"{size:>13,} bytes to upload in {len(uploads)} files",
                *self.notes,
                end,
            ]
        )


def read_head(api: HfApi, repo: str, repo_type: RepoType) -> RepoHead | None:
    """The repository as it is now, or None where there is none that one may read."""
    try:
        info = patiently(lambda: api.repo_info(repo, repo_type=repo_type))
    except RepositoryNotFoundError:
        return None
    tree = api.list_repo_tree(repo, recursive=True, revision=info.sha, repo_type=repo_type)
    files = {file.path: file for file in tree if isinstance(file, RepoFile)}
    refs = patiently(lambda: api.list_repo_refs(repo, repo_type=repo_type))
    tags = {ref.name: ref.target_commit for ref in refs.tags}
    return RepoHead(str(info.sha), bool(info.private), files, tags)


def open_repository(
    api: HfApi, report: CommitReport, private: bool, **creation: Any
) -> RepoHead | None:
    """Read the repository of `report`, creating it if it is missing; None when a dry run may not.

    `creation` is more of what `HfApi.create_repo` takes. Raises `HubError` when a public
    repository is to be private, or a new one cannot be read.
    """
    repo, kind = report.repo, report.repo_type
    head = read_head(api, repo, kind)
    if head is not None:
        if private and not head.private:
            raise HubError(f"{repo} is public; make it private first or go on without --private.")
        return head
    report.created = True
    if report.dry_run:
        return None
    patiently(
        lambda: api.create_repo(repo, repo_type=kind, private=private, exist_ok=True, **creation)
    )
    head = read_head(api, repo, kind)
    if head is None:
        raise HubError(f"{repo} was created but cannot be read; use a token that may read it.")
    return head


def differences(
    contents: Mapping[str, Content], head: RepoHead | None, ours: Callable[[str], bool]
) -> list[FileChange]:
    """What it takes until the repository holds `contents`.

    Of files that are there and not in `contents`, those go whose path is `ours`: what a former
    commit of this program left.
    """
    there = head.files if head else {}
    files = []
    for path, content in sorted(contents.items()):
        change: Change = "new"
        if path in there:
            change = "unchanged" if _same(content, there[path]) else "changed"
        files.append(FileChange(path, _size(content), change))
    left = sorted(path for path in there if path not in contents and ours(path))
    return [*files, *(FileChange(path, 0, "removed") for path in left)]


def send(
    api: HfApi,
    report: CommitReport,
    contents: Mapping[str, Content],
    head: RepoHead | None,
    message: str,
) -> None:
    """Commit on top of `head` what `report.files` says; nothing in a dry run or without changes.

    Not by `upload_folder`, which may spread a folder over several commits. Refused with HTTP 412
    when the repository's head has moved on.
    """
    if head is None:  # A dry run on what does not exist.
        return
    report.commit = head.commit
    if report.dry_run or not report.changes:
        return
    operations = [
        CommitOperationDelete(file.path)
        if file.change == "removed"
        else CommitOperationAdd(file.path, contents[file.path])
        for file in report.files
        if file.change != "unchanged"
    ]
    made = patiently(
        lambda: api.create_commit(
            report.repo,
            operations,
            commit_message=message,
            parent_commit=head.commit,
            repo_type=report.repo_type,
        )
    )
    report.commit, report.committed = made.oid, True


def start_over(attempt: Callable[[], _T], repo: str) -> _T:
    """Run `attempt` again when somebody else pushed in between. Raises `HubError`."""
    with hub_errors(repo):
        for _ in range(ATTEMPTS):
            try:
                return attempt()
            except HfHubHTTPError as error:
                if error.response.status_code != 412:
                    raise
                log.info("Somebody else pushed to %s meanwhile; starting over", repo)
    raise HubError(f"Others keep pushing to {repo}; try again later.")


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _same(content: Content, there: RepoFile) -> bool:
    if _size(content) != there.size:
        return False
    if there.lfs is not None and isinstance(content, Path):
        return sha256_of(content) == there.lfs.sha256
    data = content if isinstance(content, bytes) else content.read_bytes()
    return _blob_hash(data) == there.blob_id


def _blob_hash(data: bytes) -> str:
    """The name that git gives a file of these bytes, in hexadecimal."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
