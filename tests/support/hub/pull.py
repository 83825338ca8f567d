"""What the app does with FLOWERS_REPO set, to run on a machine of its own."""

import os
from dataclasses import dataclass, field

from flowers.errors import WeightsError
from flowers.weights.source import weights_from_environment
from tests.support.folders import files_of

REPO = "somebody/flowers"


@dataclass
class Pulled:
    """What a machine had after pulling."""

    origin: str
    commit: str | None
    notice: str | None
    reasons: dict[str, str | None]
    files: dict[str, bytes]
    progress: list[tuple[float, str]]
    errors: dict[str, str] = field(default_factory=dict)


def pull(revision: str | None = None, fetch: list[str] | None = None, **environment: str) -> Pulled:
    """Runs on the machine: what the app does with FLOWERS_REPO set."""
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = environment.get("HF_HUB_OFFLINE") == "1"
    settings = {"FLOWERS_REPO": REPO, "FLOWERS_REVISION": revision or "", **environment}
    os.environ.update(settings)
    try:
        weights = weights_from_environment()
    finally:
        for name in settings:
            del os.environ[name]
    progress: list[tuple[float, str]] = []
    errors: dict[str, str] = {}
    for backbone in fetch or []:
        try:
            weights.fetch(backbone, lambda share, text: progress.append((share, text)))
        except WeightsError as error:
            errors[backbone] = str(error)
    assert weights.published() is not None
    reasons = {key: entry.reason for key, entry in weights.entries().items()}
    files = files_of(weights.root)
    return Pulled(weights.origin, weights.commit, weights.notice, reasons, files, progress, errors)


def available(pulled: Pulled) -> list[str]:
    return [key for key, reason in pulled.reasons.items() if reason is None]
