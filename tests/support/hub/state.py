"""What the Hub stand-in remembers: repositories of commits, and faults to come."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

LFS_SUFFIXES = (".h5", ".tflite", ".pkl", ".bin", ".npz", ".zip")
LFS_BYTES = 10_000_000


@dataclass
class Blob:
    content: bytes
    lfs: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else git_hash(self.content)


@dataclass
class Commit:
    oid: str
    files: dict[str, Blob]
    title: str


@dataclass
class Repo:
    id: str
    type: str
    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def find(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.head
        oid = self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit.oid == oid), None)

    def commit(self, files: dict[str, Blob], title: str) -> Commit:
        seed = f"{self.id}{len(self.commits)}{title}{sorted((k, b.etag) for k, b in files.items())}"
        self.commits.append(Commit(hashlib.sha1(seed.encode()).hexdigest(), files, title))
        return self.head


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match."""

    method: str
    path: str
    """Regular expression, searched in the path."""
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "made to fail"
    delay: float = 0
    sent: int | None = None
    """Bytes of the body after which the connection breaks."""
    received: int | None = None
    """Bytes of the upload after which the connection breaks."""
    replace: Callable[[bytes], bytes] | None = None
    """Changes the body, headers staying as they were."""
    meet: threading.Barrier | None = None
    """Requests wait here for one another."""
    after: bool = False
    """Break off when all is done but the answer."""


@dataclass
class Seen:
    """One request, for tests to look back on."""

    method: str
    path: str
    host: str
    authorized: bool
    range: str | None


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_lfs(path: str, size: int) -> bool:
    return path.endswith(LFS_SUFFIXES) or size > LFS_BYTES
