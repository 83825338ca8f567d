"""The app in a process of its own, on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.machine import ROOT, ProcessError

START_PATIENCE = 300.0
"""Seconds for the app to start: importing Gradio alone takes many on two busy cores."""


def free_port() -> int:
    """A port of this machine that nobody listens on. Raises `ProcessError`.

    Below those that the system hands out itself, so that nobody gets it before it is used.
    """
    for port in range(20_000 + os.getpid() * 101 % 10_000, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ProcessError("No port of this machine is free.")


def settings(weights: Path, folder: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of an app: none of FLOWERS_ and GRADIO_ but these; uploads go to `folder`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLOWERS_", "GRADIO_"))}
    return {
        **kept,
        "FLOWERS_WEIGHTS": str(weights),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        **more,
    }


@contextmanager
def running_app(
    weights: Path, folder: Path, ready: str = "/", **more: str
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Run `python app.py` and yield its address and process once `ready` is answered with 200.

    Uploads and `app.log` go to `folder`; `more` joins its environment. Raises `ProcessError`.
    """
    port = free_port()
    log = folder / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=settings(weights, folder, port, **more),
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}{ready}", process, log)
        yield address, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    # Past the proxies of the environment.
    with httpx.Client(timeout=20, trust_env=False) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(address).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.3)
    raise ProcessError(f"The app does not start. Received: {log.read_text()[-2000:]}")
