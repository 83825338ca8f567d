"""One commit to a Hub repository: what differs, and nothing when nothing does."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils.sha import git_hash

from flowers.errors import HubError
from flowers.files import sha256_of
from flowers.weights.hub import hub_errors, patiently

log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds of silence until a request counts as failed: large commits take the Hub a while."""

ATTEMPTS = 5
"""How often a push starts over because somebody else pushed in between."""

Change = Literal["new", "changed", "unchanged", "removed"]
RepoType = Literal["model", "space"]
Content = Path | bytes

_T = TypeVar("_T")


@dataclass(frozen=True)
class PushedFile:
    """What a push does to one file."""

    path: str
    bytes: int
    change: Change


@dataclass(frozen=True)
class Remote:
    """A repository at its head."""

    head: str
    private: bool
    files: dict[str, RepoFile]
    tags: dict[str, str]
    """Name -> full hash."""


def look(api: HfApi, repo: str, repo_type: RepoType = "model") -> Remote | None:
    """The repository as it is now, or None where there is none that one may read."""
    try:
        info = patiently(lambda: api.repo_info(repo, repo_type=repo_type))
    except RepositoryNotFoundError:
        return None
    tree = api.list_repo_tree(repo, recursive=True, revision=info.sha, repo_type=repo_type)
    files = {file.path: file for file in tree if isinstance(file, RepoFile)}
    refs = patiently(lambda: api.list_repo_refs(repo, repo_type=repo_type))
    tags = {ref.name: ref.target_commit for ref in refs.tags}
    return Remote(str(info.sha), bool(info.private), files, tags)


def compare(
    contents: Mapping[str, Content], stale: Iterable[str], remote: Remote | None
) -> list[PushedFile]:
    """What pushing `contents` and removing `stale` does to the repository's files."""
    files = []
    for path, content in sorted(contents.items()):
        there = remote.files.get(path) if remote else None
        change: Change = "new"
        if there is not None:
            change = "unchanged" if _same(content, there) else "changed"
        files.append(PushedFile(path, _size(content), change))
    return [*files, *(PushedFile(path, 0, "removed") for path in stale)]


def commit(
    api: HfApi,
    repo: str,
    contents: Mapping[str, Content],
    files: Iterable[PushedFile],
    remote: Remote,
    message: str,
    repo_type: RepoType = "model",
) -> str | None:
    """Commit on top of `remote` what `files` says; return the hash, or None for no difference.

    Not by `upload_folder`, which may spread a folder over several commits. Refused with HTTP 412
    when the repository's head has moved on.
    """
    operations: list[CommitOperationAdd | CommitOperationDelete] = []
    for file in files:
        if file.change == "removed":
            operations.append(CommitOperationDelete(file.path))
        elif file.change != "unchanged":
            operations.append(CommitOperationAdd(file.path, contents[file.path]))
    if not operations:
        return None
    return patiently(
        lambda: api.create_commit(
            repo,
            operations,
            commit_message=message,
            parent_commit=remote.head,
            repo_type=repo_type,
        )
    ).oid


def start_over(push: Callable[[], _T], repo: str) -> _T:
    """Run `push` again when somebody else pushed in between. Raises `HubError`."""
    with hub_errors(repo):
        for _ in range(ATTEMPTS):
            try:
                return push()
            except HfHubHTTPError as error:
                if error.response.status_code != 412:
                    raise
                log.info("Somebody else pushed to %s meanwhile; starting over", repo)
    raise HubError(f"Others keep pushing to {repo}; try again later.")


def listing(files: Iterable[PushedFile]) -> list[str]:
    """Lines for people: each file with its size, and the sum of what is to upload."""
    files = list(files)
    moved = [file for file in files if file.change in ("new", "changed")]
    return [
        *(f"{file.bytes:>13,} bytes  {file.change:<9}  {file.path}" for file in files),
        f"{sum(file.bytes for file in moved):>13,} bytes to upload in {len(moved)} files",
    ]


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _same(content: Content, there: RepoFile) -> bool:
    if _size(content) != there.size:
        return False
    if there.lfs is not None and isinstance(content, Path):
        return sha256_of(content) == there.lfs.sha256
    data = content if isinstance(content, bytes) else content.read_bytes()
    return git_hash(data) == there.blob_id
