"""Two copies of the app behind nginx, one killed in the middle.

    python -m benchmarks.load.replicas

Needs nginx on the path, and takes `deploy/nginx.conf` as it is but for ports and addresses. Each of
50 users has a cookie, as a browser would, and sends photos that nobody else sends. An answer that
differs from what the same weights give in this process would be an answer to another's photo.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from benchmarks.app_process import free_port
from benchmarks.load.served import ServedApp, new_client, served, within_address
from benchmarks.load.trials import CLOSE, EACH, drawn, expected_answers
from benchmarks.machine import ROOT, ProcessError
from flowers.errors import UserError
from flowers.weights.source import DEFAULT_FOLDER

CONFIGURATION = ROOT / "deploy" / "nginx.conf"


@contextmanager
def behind_nginx(apps: list[ServedApp], folder: Path) -> Iterator[str]:
    """Run nginx before the apps and yield its address. Raises `ProcessError`."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        raise ProcessError("There is no nginx; install it.")
    port = free_port()
    site = CONFIGURATION.read_text(encoding="utf-8").replace("8080", f"127.0.0.1:{port}")
    for number, app in enumerate(apps, 1):
        site = site.replace(f"app-{number}:7860", app.address.removeprefix("http://"))
    temporary = re.sub(r"^", "    ", site, flags=re.M)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{\n    access_log off; client_body_temp_path {folder}/body;\n"
        f"    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n"
        f"    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{temporary}}}\n"
    )
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(file)])
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                httpx.get(f"{address}/health", trust_env=False)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def main(arguments: list[str] | None = None) -> int:
    """Run the trial; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load.replicas",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, default=DEFAULT_FOLDER, help="has MobileNetV2")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--photos", type=int, default=20, help="of each user")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as name:
            folders = [Path(name, part) for part in ("1", "2", "nginx")]
            for folder in folders:
                folder.mkdir()
            weights = given.weights.resolve()
            with (
                served(weights, folders[0]) as first,
                served(weights, folders[1]) as second,
                behind_nginx([first, second], folders[2]) as address,
            ):
                return _try(address, first, weights, given.users, given.photos)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _try(address: str, victim: ServedApp, weights: Path, users: int, photos: int) -> int:
    expected = expected_answers(weights, users * photos)
    front = ServedApp(address, victim.process)
    sent, right, after, swapped, failed = 0, 0, 0, 0, 0
    lock = threading.Lock()
    killed = threading.Event()

    def send(user: int) -> None:
        nonlocal sent, right, after, swapped, failed
        with new_client() as client:
            client.cookies.set("flowers", f"user{user}")
            for seed in range(user * photos, (user + 1) * photos):
                with lock:
                    sent += 1
                    if sent == users * photos // 2:
                        victim.process.kill()
                        killed.set()
                gone = killed.is_set()
                try:
                    found = front.call(client, "classify", [within_address(drawn(seed)), *EACH])
                    given = [v for p in found["predictions"] for v in p["probabilities"].values()]
                except (httpx.HTTPError, ValueError, TypeError, AttributeError):
                    with lock:
                        failed += 1
                    continue
                same = np.allclose(given, expected[seed], atol=CLOSE)
                with lock:
                    right += same
                    after += same and gone
                    swapped += not same

    with ThreadPoolExecutor(users) as pool:
        list(pool.map(send, range(users)))
    print(
        f"{sent:,} photos of {users} users, one of two copies killed in the middle: {right:,} "
        f"answered ({after:,} of them sent after the kill), {failed} failed with an error, "
        f"{swapped} answers to another's photo."
    )
    return 0 if swapped == 0 and after else 1


if __name__ == "__main__":
    sys.exit(main())
