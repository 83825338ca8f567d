"""The four trials: many users, many calls, large files at once, and a flood."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import numpy as np
from PIL import Image

from benchmarks.load.served import ServedApp, new_client, within_address
from flowers.backbones import VARIANTS
from flowers.models.zoo import Zoo, in_order
from flowers.weights.source import Source

BACKBONE = "mobilenetv2"
EACH: list[list[str]] = [[BACKBONE], list(VARIANTS)]
CLOSE = 2e-5
"""Answers are rounded to five digits."""
LARGE_SIDES = (7_000, 7_000)


@dataclass(frozen=True)
class Users:
    """Answers to users who each sent photos that nobody else sent."""

    sent: int
    lost: int
    swapped: int
    """Answers that differ from those that this process works out for the same photo."""
    seconds: list[float] = field(repr=False)

    def percentile(self, share: int) -> float:
        """Seconds within which that share of the answers came."""
        return quantiles(self.seconds, n=100)[share - 1]


@dataclass(frozen=True)
class MemoryOverCalls:
    """Memory in bytes after that many calls."""

    sent: int
    lost: int
    memory: list[tuple[int, int]]

    def growth(self) -> float:
        """Share that memory grew after the first tenth of the calls."""
        first = next(size for number, size in self.memory if number >= self.sent // 10)
        return self.memory[-1][1] / first - 1


@dataclass(frozen=True)
class LargeFiles:
    """Large photos at once."""

    sent: int
    lost: int
    before: int
    peak: int
    after: int
    seconds: float


@dataclass(frozen=True)
class Flood:
    """More calls than may wait, whose answers nobody fetches."""

    sent: int
    taken: int
    turned_away: int
    seconds: float
    answer_after: float
    """Seconds from its end to the first normal answer."""
    healthy: bool


def drawn(seed: int) -> Image.Image:
    """A photo like no other: coarse colours of that seed."""
    colours = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((256, 256), Image.Resampling.NEAREST)


def expected_answers(weights: Path, photos: int) -> dict[int, list[float]]:
    """Seed -> the probabilities that an answer to that photo holds, worked out in this process."""
    zoo = Zoo(Source(weights))
    models = zoo.choose([BACKBONE], VARIANTS).models
    expected: dict[int, list[float]] = {}
    for seed in range(photos):
        answers = zoo.predict(drawn(seed), models)
        found = in_order([p for answer in answers for p in answer.predictions], models)
        expected[seed] = [float(v) for p in found for v in p.probabilities]
    return expected


def many_users(app: ServedApp, weights: Path, users: int, photos: int) -> Users:
    """Every user sends one photo after another, all users at once."""
    expected = expected_answers(weights, users * photos)
    print(f"{users} users with {photos} photos each", flush=True)

    def send(user: int) -> list[tuple[float, bool, bool]]:
        outcomes = []
        with new_client() as client:
            for seed in range(user * photos, (user + 1) * photos):
                start = time.perf_counter()
                found = app.call(client, "classify", [within_address(drawn(seed)), *EACH])
                seconds = time.perf_counter() - start
                if isinstance(found, str):
                    outcomes.append((seconds, True, False))
                    continue
                given = [v for p in found["predictions"] for v in p["probabilities"].values()]
                swapped = not np.allclose(given, expected[seed], atol=CLOSE)
                outcomes.append((seconds, False, swapped))
        return outcomes

    outcomes: list[tuple[float, bool, bool]] = []
    with ThreadPoolExecutor(users) as pool:
        for found in pool.map(send, range(users)):
            outcomes += found
            _tell(len(outcomes), users * photos, "photos")
    lost = sum(was_lost for _, was_lost, _ in outcomes)
    swapped = sum(was_swapped for *_, was_swapped in outcomes)
    return Users(len(outcomes), lost, swapped, [seconds for seconds, *_ in outcomes])


def many_calls(app: ServedApp, calls: int, at_once: int = 4) -> MemoryOverCalls:
    """The same photo again and again, as several visitors, with a look at memory in between."""
    photo = within_address(drawn(0), "JPEG")
    memory: list[tuple[int, int]] = []
    lost = 0
    step = max(1, calls // 20)
    shares = [len(range(number, step, at_once)) for number in range(at_once)]

    def send(count: int) -> int:
        with new_client() as client:
            found = [app.call(client, "classify", [photo, *EACH]) for _ in range(count)]
        return sum(isinstance(answer, str) for answer in found)

    with ThreadPoolExecutor(at_once) as pool:
        for done in range(step, calls + 1, step):
            lost += sum(pool.map(send, shares))
            memory.append((done, app.resident()))
            _tell(done, calls, "calls", f"{memory[-1][1] / 1e6:.0f} MB")
    return MemoryOverCalls(memory[-1][0], lost, memory)


def large_files(app: ServedApp, files: int) -> LargeFiles:
    """Photos of 49 megapixels in three formats, to both endpoints, all at once."""
    width, height = LARGE_SIDES
    grey = Image.new("L", LARGE_SIDES, 90)
    samples = Image.fromarray(np.full((height, width), 0.5, np.float32))
    photos = [
        within_address(samples, "TIFF", compression="tiff_deflate"),
        within_address(grey),
        within_address(grey.convert("RGB"), "JPEG"),
    ]
    del samples, grey
    before, app.peak = app.resident(), 0

    def send(number: int) -> str | None:
        photo = photos[number % len(photos)]
        with new_client() as client:
            if number % 5:
                found = app.call(client, "classify", [photo, *EACH])
            else:
                found = app.call(client, "compare", [[photo], None, *EACH])
        return found if isinstance(found, str) else None

    start = time.perf_counter()
    lost = 0
    with ThreadPoolExecutor(files) as pool:
        for number, said in enumerate(pool.map(send, range(files)), 1):
            lost += said is not None
            _tell(number, files, "large photos", said or f"{app.peak / 1e6:.0f} MB at most")
    seconds = time.perf_counter() - start
    return LargeFiles(files, lost, before, app.peak, app.resident(), seconds)


def flood(app: ServedApp, calls: int) -> Flood:
    """Small calls to /compare behind a batch of 500, then a normal call."""
    photo = within_address(drawn(1), "JPEG")
    status: list[int] = []
    start = time.perf_counter()
    with new_client() as client:
        app.begin(client, "compare", [[photo] * 500, None, *EACH])
        for number in range(1, calls + 1):
            if number % 300 == 0:
                _tell(number, calls, "calls of a flood")
            status.append(app.begin(client, "compare", [[], None, None, None]).status_code)
        seconds = time.perf_counter() - start
        end = time.perf_counter()
        answer = _until(lambda: app.call(client, "classify", [photo, *EACH]))
        after = time.perf_counter() - end
        healthy = client.get(f"{app.address}/health").status_code == 200
    taken = status.count(200)
    return Flood(calls, taken, status.count(503), seconds, after, healthy and bool(answer))


def _tell(done: int, of: int, what: str, more: str = "") -> None:
    """A line of progress: a run takes minutes, and its log is read, too."""
    print(f"  {done:,} of {of:,} {what} {more}".rstrip(), flush=True)


def _until(call: Callable[[], object], seconds: float = 120) -> object:
    """The first answer that is not a sentence."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not isinstance(found := call(), str):
            return found
        time.sleep(0.1)
    return None
