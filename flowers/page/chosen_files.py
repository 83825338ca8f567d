"""The files that a visitor chose for a batch: photos, zips, and folders under their own names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from flowers.errors import UploadError
from flowers.folders.disk import DiskFile
from flowers.folders.names import shown
from flowers.models.shots import LIMITS, MAX_PHOTOS, Collected, collect
from flowers.models.zoo import Zoo
from flowers.page.html import render
from flowers.page.limits import MAX_PATH
from flowers.page.requests.calls import field_of, refused
from flowers.page.requests.uploads import uploaded
from flowers.photos import SUFFIXES


@dataclass(frozen=True)
class ChosenFiles:
    """What was sent so far, and what was not because it cannot be a photo."""

    sent: tuple[DiskFile, ...] = ()
    kept_back: tuple[str, ...] = ()
    """Names of the files that the browser did not send."""

    def __bool__(self) -> bool:
        return bool(self.sent)

    def collect(self, classes: Sequence[str]) -> Collected:
        """The photos among them. Raises `BatchError`."""
        return collect(self.sent, classes, self.kept_back)

    def more(self, event: gr.EventData) -> "ChosenFiles":
        """With what `scripts/chosen_files.js` has just sent. Raises `gradio.Error`.

        A file that comes twice, such as by a folder that is dropped again, counts once.
        """
        files, names = field_of(event, "files", list), field_of(event, "kept_back", list)
        sent = [_sent(file) for file in files]
        return ChosenFiles(
            tuple(dict.fromkeys([*self.sent, *sent])),
            tuple(dict.fromkeys([*self.kept_back, *map(_name, names)])),
        )

    def fewer(self, event: gr.EventData) -> "ChosenFiles":
        """Without one of them. Raises `gradio.Error`."""
        number = field_of(event, "file", int)
        if not 0 <= number < len(self.sent):
            raise refused(f"There is no such file. Received: {number}")
        return replace(self, sent=self.sent[:number] + self.sent[number + 1 :])

    def html(self, zoo: Zoo) -> Markup:
        """Where files are dropped, and what is there."""
        names = [file.name for file in self.sent]
        return render(
            "chosen_files.html",
            names=names,
            folders=len({name.rpartition("/")[0] for name in names if "/" in name}),
            most=MAX_PHOTOS,
            most_files=LIMITS.entries,
            endings=" ".join(sorted(SUFFIXES)),
            accept=",".join(["image/*", *sorted(SUFFIXES), ".zip"]),
            side=2 * zoo.detail(),
        )


def _sent(file: Any) -> DiskFile:
    said = file if isinstance(file, dict) else {}
    name = _name(said.get("name"))
    try:
        (path,) = uploaded([{"path": said.get("path"), "meta": {"_type": "gradio.FileData"}}])
    except UploadError as error:
        raise refused(str(error)) from error
    return DiskFile(name, path)


def _name(text: Any) -> str:
    if not isinstance(text, str) or not text or len(text) > MAX_PATH:
        raise refused(
            f"A file needs a name of at most {MAX_PATH:,} letters. Received: {text!r:.80}"
        )
    return shown(text)
