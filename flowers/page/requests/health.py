"""Whether the app can do what it is there for: a prediction, made with every question."""

import random
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from PIL import Image

from flowers.backbones import IMAGE_SIZE
from flowers.models.zoo import Answer, Zoo
from flowers.page.requests.waiting import has_stopped, waiting

PATIENCE = 8.0
"""Seconds for the prediction; Docker's check waits ten."""
FRESH = 2.0
"""Seconds for which an answer is given again, so that many questions cost no more than one."""


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    problem: str | None
    milliseconds: float


class Health:
    """Checks a page on a zoo. Safe to use from several threads."""

    def __init__(self, zoo: Zoo, page: Any) -> None:
        self._zoo, self._page = zoo, page
        self._lock = threading.Lock()
        self._running: Future[Finding] | None = None
        self._last: tuple[float, Finding] | None = None

    def report(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and JSON; waits for the prediction."""
        finding = self._finding()
        if has_stopped(self._page):
            finding = Finding("The queue has stopped; start the app again.", 0.0)
        return 503 if finding.problem else 200, {
            "healthy": finding.problem is None,
            "problem": finding.problem,
            "milliseconds": round(finding.milliseconds, 1),
            "waiting": waiting(self._page),
        }

    def _finding(self) -> Finding:
        with self._lock:
            if self._last and time.monotonic() - self._last[0] < FRESH:
                return self._last[1]
            if self._running is None:
                self._running = Future()
                threading.Thread(target=self._run, args=(self._running,), daemon=True).start()
            running = self._running
        if not wait([running], PATIENCE).done:
            return Finding(f"No model answered within {PATIENCE:.0f} seconds.", 1000 * PATIENCE)
        return running.result()

    def _run(self, running: "Future[Finding]") -> None:
        start = time.perf_counter()
        try:
            problem = self._predict()
        except Exception as error:  # Whatever it is, the app cannot do what it is there for.
            problem = f"A prediction failed. Received: {type(error).__name__}"
        finding = Finding(problem, 1000 * (time.perf_counter() - start))
        with self._lock:
            self._running, self._last = None, (time.monotonic(), finding)
        running.set_result(finding)

    def _predict(self) -> str | None:
        models = self._zoo.models()
        if not models:
            return "No backbone can be used; see the page for the reasons."
        # One that is loaded, so that a check fetches nothing; a new colour, so that it is asked.
        chosen = next((model for model in models if self._zoo.loaded(model[0])), models[0])
        colour = tuple(random.randrange(256) for _ in range(3))
        photo = Image.new("RGB", (IMAGE_SIZE, IMAGE_SIZE), colour)
        (answer,) = (a for a in self._zoo.predict(photo, [chosen]) if isinstance(a, Answer))
        return answer.reason
