"""A machine of its own for the Hub's client: a process with its HF_HOME, HF_ENDPOINT and HF_TOKEN.

huggingface_hub reads these when it is imported, so a test cannot change them afterwards.
"""

import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 120
DIRECT = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
"""Asks the stand-in itself also where a proxy leads to the Hub."""


class Machine:
    """Runs functions of importable modules, one after the other, and returns what they return."""

    def __init__(self, endpoint: str, home: Path, token: str | None = "hf_writer", **more: str):
        environment = {
            **DIRECT,
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",  # The stand-in speaks the plain HTTP protocol.
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_ETAG_TIMEOUT": "20",
            "HF_HUB_DOWNLOAD_TIMEOUT": "20",
            **({"HF_TOKEN": token} if token else {}),
            **more,
        }
        self._pool = ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), _set_up, (environment,)
        )

    def start(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> "Future[T]":
        return self._pool.submit(function, *args, **kwargs)

    def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """What `function` returns or raises there."""
        return self.start(function, *args, **kwargs).result(SECONDS)

    def log(self) -> str:
        """All that was logged or waited for since the last time."""
        return self.run(_take_log)

    def use(self, home: Path, token: str | None = "hf_writer") -> None:
        """Go on with another cache and token, as a machine set up that way would."""
        self.run(_use, home, token)

    def stop(self) -> None:
        self._pool.shutdown()


_log: list[str] = []


class _Keep(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _log.append(record.getMessage())


def _set_up(environment: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith(("HF_", "FLOWERS_", "HUGGING"))]:
        del os.environ[name]
    os.environ.update(environment)
    logging.basicConfig(level=logging.INFO, handlers=[_Keep()])
    logging.getLogger("huggingface_hub").addHandler(_Keep())

    def sleep(seconds: float, really: Callable[[float], None] = time.sleep) -> None:
        _log.append(f"waited {seconds:g} s")
        really(min(seconds, 0.02))

    time.sleep = sleep  # The waits between the client's retries add up to half a minute.


def _take_log() -> str:
    text = "\n".join(_log)
    _log.clear()
    return text


def _use(home: Path, token: str | None) -> None:
    from huggingface_hub import constants

    constants.HF_HOME = str(home)
    constants.HF_HUB_CACHE = str(home / "hub")
    os.environ.pop("HF_TOKEN", None)
    if token:
        os.environ["HF_TOKEN"] = token
