"""Put the app on the Hub as a Space, with the weights of a Hub repository, a folder, or static.

An app on a repository holds no weights: the Space preloads them when it is built, pinned to a
commit. Nothing of training goes along.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import CardData, HfApi, constants

from flowers.backbones import BACKBONES
from flowers.errors import UserError, WeightsError
from flowers.weights.folder import CARD, CONFIG, PUBLISHED, is_served
from flowers.weights.hub import hub_api, hub_errors, patiently
from train.hub.commit import (
    COMMIT_PATIENCE,
    CommitReport,
    Content,
    differences,
    open_repository,
    send,
    start_over,
)
from train.hub.contents import checked_files

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENTS = "requirements.txt"
PYTHON = "3.11"
"""The version that the pins in `requirements.txt` were made with."""

SPACE_FILES = ("app.py", "flowers/**/*", f"weights/{PUBLISHED}", "NOTICE", "LICENSE*")
"""What a Space needs of the project, as patterns."""

OURS = frozenset({"app.py", "flowers", "requirements.txt", "weights"})
"""What a former deployment may have left at the top of a Space."""

REPO_VARIABLE, REVISION_VARIABLE = "FLOWERS_REPO", "FLOWERS_REVISION"

FRONT: dict[str, Any] = {
    "title": "Flowers",
    "emoji": "🌼",
    "colorFrom": "green",
    "colorTo": "yellow",
    "short_description": "Six ImageNet backbones on one photo, side by side",
}
ISOLATED = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}
"""Headers without which a browser gives a page no threads."""


@dataclass(frozen=True)
class Deployment:
    """What a Space is to be."""

    sdk: Literal["gradio", "static"]
    contents: dict[str, Content]
    """Path in the Space -> file here, or bytes."""
    message: str
    """Of the commit."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of the app that say where its weights are; others of the Space stay."""
    notes: tuple[str, ...] = ()


def app_on_repository(repo: str, revision: str = "main") -> Deployment:
    """The app on the weights of USER/REPO, pinned to the commit that `revision` stands for.

    Raises `WeightsError` when the repository holds none, and `HubError`.
    """
    api = hub_api(COMMIT_PATIENCE)
    with hub_errors(repo, revision):
        source = patiently(lambda: api.model_info(repo, revision=revision))
    commit, names = str(source.sha), sorted(file.rfilename for file in source.siblings or [])
    if not any(f"{key}/{CONFIG}" in names for key in BACKBONES):
        raise WeightsError(f"{repo} holds no weights; push some with `python -m train push`.")
    front: dict[str, Any] = {"models": [source.id]}
    notes = [f"Its weights are {repo} at {commit}."]
    if source.private:  # A build has no token to read a private repository with.
        notes.append(
            f"{repo} is private: add a token that may read it to the Space's secrets as HF_TOKEN."
        )
    else:
        served = ",".join(name for name in names if is_served(name))
        front["preload_from_hub"] = [f"{source.id} {served} {commit}"]
    weights = f"[{source.id}]({constants.ENDPOINT}/{source.id}) at commit `{commit}`"
    return Deployment(
        "gradio",
        _app(front, f"The weights are {weights}."),
        f"App with the weights {repo} at {commit[:12]}",
        {REPO_VARIABLE: repo, REVISION_VARIABLE: commit},
        tuple(notes),
    )


def app_with_folder(weights: Path) -> Deployment:
    """The app with the weights of a folder, which go along. Raises `WeightsError`."""
    served = {
        f"weights/{path}": file
        for path, file in checked_files(weights).items()
        if is_served(path) and path != CARD
    }
    contents = _app({}, "The weights are in `weights/`.") | served
    return Deployment(
        "gradio", contents, "App with its weights", notes=(f"Its weights are those of {weights}.",)
    )


def static_page(folder: Path) -> Deployment:
    """The page that needs no server, as `make static` builds it. Raises `UserError`."""
    if not (folder / "index.html").is_file():
        raise UserError(f"{folder} holds no index.html; build the page with `make static`.")
    contents: dict[str, Content] = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    front = {"sdk": "static", "app_file": "index.html", "custom_headers": ISOLATED}
    contents[CARD] = _card(front, "Photos are read in the browser and sent nowhere.")
    return Deployment("static", contents, "The page without a server")


def deploy(
    space: str, deployment: Deployment, *, private: bool = False, dry_run: bool = False
) -> CommitReport:
    """Create or update the Space USER/SPACE. Raises `HubError`."""
    api = hub_api(COMMIT_PATIENCE)
    variables = deployment.variables
    folders = {path.split("/")[0] for path in deployment.contents if "/" in path}

    def ours(path: str) -> bool:
        return path.split("/")[0] in OURS | folders

    def attempt() -> CommitReport:
        report = CommitReport(space, "space", dry_run, notes=list(deployment.notes))
        pairs = [{"key": key, "value": value} for key, value in variables.items()]
        head = open_repository(
            api, report, private, space_sdk=deployment.sdk, space_variables=pairs
        )
        report.files = differences(deployment.contents, head, ours)
        if deployment.sdk == "gradio" and not (dry_run or report.created):
            _set_variables(api, space, variables)
        send(api, report, deployment.contents, head, deployment.message)
        return report

    return start_over(attempt, space)


def _set_variables(api: HfApi, space: str, variables: Mapping[str, str]) -> None:
    """Change those that differ: the Hub restarts a Space for each."""
    there = patiently(lambda: api.get_space_variables(space))
    for key in (REPO_VARIABLE, REVISION_VARIABLE):
        value = variables.get(key)
        if value is None and key in there:
            patiently(partial(api.delete_space_variable, space, key))
        elif value is not None and (key not in there or there[key].value != value):
            patiently(partial(api.add_space_variable, space, key, value))


def _app(front: dict[str, Any], weights: str) -> dict[str, Content]:
    """Path in the Space -> contents, without weights."""
    files: dict[str, Content] = {
        path.relative_to(PROJECT).as_posix(): path
        for pattern in SPACE_FILES
        for path in sorted(PROJECT.glob(pattern))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    # Without hashes: the builder of a Space adds packages of its own to the same `pip install`, and
    # one that is given hashes takes no requirement that has none.
    pins_with_hashes = (PROJECT / REQUIREMENTS).read_text(encoding="utf-8")
    requirements = re.sub(r" \\\n +--hash=\S+", "", pins_with_hashes)
    pinned = re.search(r"^gradio==(\S+)", requirements, re.MULTILINE)
    if not pinned:
        raise ValueError(f"{REQUIREMENTS} does not pin gradio; run `make pins`.")
    pins = {"sdk": "gradio", "sdk_version": pinned[1], "python_version": PYTHON}
    files[REQUIREMENTS] = requirements.encode()
    files[CARD] = _card({**pins, "app_file": "app.py", **front}, weights)
    return files


def _card(front: Mapping[str, Any], sentence: str) -> bytes:
    """The Space's README, whose front matter configures it."""
    return (
        f"---\n{CardData(**FRONT, **front).to_yaml()}\n---\n\n# Flowers\n\n"
        f"Which of six ImageNet backbones reads flower photos best, and is the difference real?\n\n"
        f"{sentence} `python -m train space` writes this file.\n"
    ).encode()
