"""Pushing to the repository of the tests, on a machine of its own, and what the Hub then has."""

from tests.support.hub.standin import Hub

REPO = "somebody/flowers"


def push(*args, **kwargs):
    """Runs on the machine, where huggingface_hub is imported with its environment."""
    from train.hub.push import push

    return push(*args, **kwargs)


def prepare_push(*args, **kwargs):
    """Runs on the machine."""
    from train.hub.push import prepare_push

    return prepare_push(*args, **kwargs)


def stored(hub: Hub, revision: str = "main") -> dict[str, bytes]:
    files = hub.repo(REPO).find(revision).files
    return {path: blob.content for path, blob in files.items() if path != ".gitattributes"}
