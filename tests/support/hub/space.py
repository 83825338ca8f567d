"""Deploying to the Space of the tests, on a machine of its own, and what the Hub then has."""

from pathlib import Path

import yaml

from tests.support.hub.standin import Hub

REPO = "somebody/flowers"
SPACE = "somebody/app"


def deploy_on(repo: str, revision: str = "main", **options):
    """Runs on the machine."""
    from train.hub.space import app_on_repository, deploy

    return deploy(SPACE, app_on_repository(repo, revision), **options)


def deploy_with(weights: Path, **options):
    """Runs on the machine."""
    from train.hub.space import app_with_folder, deploy

    return deploy(SPACE, app_with_folder(weights), **options)


def deploy_static(folder: Path, **options):
    """Runs on the machine."""
    from train.hub.space import deploy, static_page

    return deploy(SPACE, static_page(folder), **options)


def stored(hub: Hub) -> dict[str, bytes]:
    return {path: blob.content for path, blob in hub.repo(SPACE, "space").head.files.items()}


def front_matter(files: dict[str, bytes]) -> dict:
    return yaml.safe_load(files["README.md"].decode().split("---\n")[1])
