"""A small Hub on loopback: what huggingface_hub asks of it, kept in memory, with faults on demand.

Repositories are git-like: commits of a tree, branches, tags; files are small blobs or LFS objects,
which a second host serves as the Hub's content network does. Answers that the real Hub gives with
Xet headers are given without, so clients take the plain HTTP ways.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.support.hub.endpoints import Handler
from tests.support.hub.state import Blob, Commit, Fault, Repo, Seen, is_lfs


class Hub:
    """The server. `tokens` are those that may write; user names do not matter."""

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.tokens = {"hf_writer"}
        self.readers = {"hf_reader"}
        self.lock = threading.RLock()
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cdn(self) -> str:
        # Another host in the eyes of a client, which must not send its token there.
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        handler = type("BoundHandler", (Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens on the port within the block, nor can anybody else get it."""
        self.stop()
        try:
            with socket.socket() as place:
                place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                place.bind(("127.0.0.1", self.port))
                yield
        finally:
            self.start()

    def fault(self, method: str, path: str, **settings) -> Fault:
        fault = Fault(method, path, **settings)
        self.faults.append(fault)
        return fault

    def repo(self, name: str, kind: str = "model") -> Repo:
        return self.repos[kind, name]

    def create(self, name: str, kind: str = "model", private: bool = False) -> Repo:
        repo = Repo(name, kind, private)
        repo.commit({".gitattributes": Blob(b"*.h5 filter=lfs\n", False)}, "initial commit")
        self.repos[kind, name] = repo
        return repo

    def put(
        self, name: str, files: dict[str, bytes], title: str = "put", kind: str = "model"
    ) -> Commit:
        """Commit files behind the client's back."""
        repo = self.repos.get((kind, name)) or self.create(name, kind)
        blobs = {path: Blob(content, is_lfs(path, len(content))) for path, content in files.items()}
        return repo.commit({**repo.head.files, **blobs}, title)

    def paths(self, method: str, part: str) -> list[str]:
        """Paths of requests seen that contain `part`."""
        return [s.path for s in self.seen if s.method == method and part in s.path]
