"""Put the app on the Hub as a Space that pulls its weights from a Hub repository.

    python -m train.hub.space USER/SPACE --weights USER/REPO

The Space holds app, library and requirements, no training code and no weights: these are preloaded
when it is built, pinned to a commit.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import CardData, HfApi, constants
from huggingface_hub.hf_api import ModelInfo

from flowers.backbones import BACKBONES
from flowers.errors import HubError, WeightsError
from flowers.weights.folder import CARD, CONFIG, PUBLISHED
from flowers.weights.hub import hub_api, hub_errors, patiently
from flowers.weights.hub_source import is_served
from train.hub.commit import (
    PATIENCE,
    Content,
    PushedFile,
    Remote,
    commit,
    compare,
    listing,
    look,
    start_over,
)

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENTS = "requirements-app.txt"
PYTHON = "3.11"
"""The version that the pins in `requirements-app.txt` were made with."""

FILES = ("app.py", "flowers/**/*", f"weights/{PUBLISHED}", "NOTICE", "LICENSE*")
"""What a Space needs of the project, as patterns."""


@dataclass
class SpaceReport:
    """What was done, or would be. As a string: lines for people."""

    space: str
    weights: str
    revision: str
    """Full hash of the weights that the Space is pinned to."""
    dry_run: bool
    created: bool = False
    committed: bool = False
    files: list[PushedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        url = f"{constants.ENDPOINT}/spaces/{self.space}"
        lines = [*listing(self.files), *self.notes]
        if self.dry_run:
            verb = "would be created" if self.created else "exists"
            lines.append(f"Nothing was sent: this was a dry run. {url} {verb}.")
        else:
            state = "was updated" if self.committed else "is up to date"
            lines.append(f"{url} {state}; its weights are {self.weights} at {self.revision}")
        return "\n".join(lines)


def push_space(
    space: str,
    weights: str,
    *,
    revision: str = "main",
    private: bool = False,
    dry_run: bool = False,
) -> SpaceReport:
    """Create or update the Space USER/SPACE on the weights USER/REPO at `revision`.

    Raises `WeightsError` when the repository holds no weights, and `HubError`.
    """
    api = hub_api(PATIENCE)
    with hub_errors(weights, revision):
        source = patiently(lambda: api.model_info(weights, revision=revision))
    if not any(f"{key}/{CONFIG}" in _names(source) for key in BACKBONES):
        raise WeightsError(f"{weights} holds no weights; push some with `python -m train push`.")

    def attempt() -> SpaceReport:
        report = SpaceReport(space, weights, str(source.sha), dry_run)
        _push_once(api, report, source, private)
        return report

    return start_over(attempt, space)


def _push_once(api: HfApi, report: SpaceReport, source: ModelInfo, private: bool) -> None:
    space = report.space
    variables = {"FLOWERS_REPO": report.weights, "FLOWERS_REVISION": report.revision}
    if source.private:
        report.notes.append(
            f"{report.weights} is private: add a token that may read it to the Space's secrets as "
            f"HF_TOKEN."
        )
    remote = look(api, space, "space")
    if remote is None:
        report.created = True
        if not report.dry_run:
            _create(api, space, private, variables)
            remote = look(api, space, "space")
    elif private and not remote.private:
        raise HubError(f"{space} is public; make it private first or go on without --private.")
    elif not report.dry_run:
        _set_variables(api, space, variables)

    contents = space_files(source)
    report.files = compare(contents, _stale(contents, remote), remote)
    if report.dry_run:
        return
    if remote is None:
        raise HubError(f"{space} was created but cannot be read; use a token that may read it.")
    message = f"App with the weights {report.weights} at {report.revision[:12]}"
    made = commit(api, space, contents, report.files, remote, message, "space")
    report.committed = made is not None


def _create(api: HfApi, space: str, private: bool, variables: dict[str, str]) -> None:
    pairs = [{"key": key, "value": value} for key, value in variables.items()]
    patiently(
        lambda: api.create_repo(
            space,
            repo_type="space",
            space_sdk="gradio",
            private=private,
            space_variables=pairs,
            exist_ok=True,
        )
    )


def _set_variables(api: HfApi, space: str, variables: dict[str, str]) -> None:
    """Set those that differ: the Hub restarts a Space for each."""
    there = patiently(lambda: api.get_space_variables(space))
    for key, value in variables.items():
        if key not in there or there[key].value != value:
            patiently(partial(api.add_space_variable, space, key, value))


def space_files(source: ModelInfo, project: Path = PROJECT) -> dict[str, Content]:
    """Path in the Space -> its contents."""
    files: dict[str, Content] = {
        path.relative_to(project).as_posix(): path
        for pattern in FILES
        for path in sorted(project.glob(pattern))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    requirements = project / REQUIREMENTS
    files["requirements.txt"] = requirements
    files[CARD] = space_card(source, requirements.read_text(encoding="utf-8")).encode()
    return files


def space_card(source: ModelInfo, requirements: str) -> str:
    """The Space's README, whose front matter configures it."""
    pinned = re.search(r"^gradio==(\S+)", requirements, re.MULTILINE)
    if not pinned:
        raise ValueError(f"{REQUIREMENTS} does not pin gradio; run `make pins`.")
    data: dict[str, Any] = {
        "title": "Flowers",
        "emoji": "🌼",
        "colorFrom": "green",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": pinned[1],
        "python_version": PYTHON,
        "app_file": "app.py",
        "short_description": "Six ImageNet backbones on one photo, side by side",
        "models": [source.id],
    }
    if not source.private:  # A build has no token to read a private repository with.
        served = ",".join(name for name in _names(source) if is_served(name))
        data["preload_from_hub"] = [f"{source.id} {served} {source.sha}"]
    return (
        f"---\n{CardData(**data).to_yaml()}\n---\n\n# Flowers\n\n"
        f"Which of six ImageNet backbones reads flower photos best, and is the difference real?\n\n"
        f"The weights are [{source.id}]({constants.ENDPOINT}/{source.id}) at commit "
        f"`{source.sha}`. `python -m train.hub.space` writes this file.\n"
    )


def _names(source: ModelInfo) -> list[str]:
    return sorted(file.rfilename for file in source.siblings or [])


def _stale(contents: dict[str, Content], remote: Remote | None) -> Iterator[str]:
    """Library files that a former version of the app had."""
    for path in sorted(remote.files if remote else ()):
        if path.startswith("flowers/") and path not in contents:
            yield path


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit code; errors are one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m train.hub.space",
        description="Put the app on the Hub as a Space that pulls its weights from the Hub.",
    )
    parser.add_argument("space", metavar="USER/SPACE")
    parser.add_argument("--weights", required=True, metavar="USER/REPO", help="where weights lie")
    parser.add_argument(
        "--revision", default="main", help="tag, branch or hash to pin to (default: main as it is)"
    )
    parser.add_argument("--private", action="store_true", help="create the Space as a private one")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    options = parser.parse_args(arguments)
    try:
        report = push_space(
            options.space,
            options.weights,
            revision=options.revision,
            private=options.private,
            dry_run=options.dry_run,
        )
    except (WeightsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
