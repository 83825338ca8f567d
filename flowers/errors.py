"""Errors for people: each message is one sentence that says what was wrong and what to do."""


class UserError(ValueError):
    """What was asked cannot be done; the message is one sentence for who asked."""


class PhotoError(UserError):
    """A photo cannot be used."""


class DatasetError(UserError):
    """A folder of photos cannot be used for training or measuring."""


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
