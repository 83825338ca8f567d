"""Errors for people: each message is one sentence that says what was wrong and what to do."""

import re

_FOLDERS = re.compile(r"(?<![\w:/])/(?:[^\s'\"/]+/)+")


class UserError(ValueError):
    """What was asked cannot be done; the message is one sentence for who asked."""


class PhotoError(UserError):
    """A photo cannot be used."""


class DatasetError(UserError):
    """A folder or zip of photos cannot be read, or not be used for training or measuring."""


class WeightsError(UserError):
    """A weights folder, or a backbone in it, cannot be used."""


class HubError(WeightsError):
    """The Hub did not do what was asked."""


class ChoiceError(UserError):
    """No model can answer what was asked."""


class BatchError(UserError):
    """A batch of photos cannot be read."""


class UploadError(UserError):
    """What was sent is not a file that can be opened."""


class BuildError(UserError):
    """The page without a server cannot be built."""


class RequestError(UserError):
    """A request that is answered with no more than a sentence and an HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class StorageError(UserError):
    """There is no room, or no folder, for what people send."""


class ServerError(UserError):
    """The page cannot be served as it was asked for."""


def said(error: BaseException) -> str:
    """The first line of what an exception says, without the folders of this machine.

    For `Received: …` of what is shown to strangers; addresses of the web stay whole.
    """
    text = str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)
    lines = text.strip().splitlines()
    return _FOLDERS.sub("", lines[0]) if lines else type(error).__name__
