"""Where `--data` may point: a folder, a zip, or a dataset on the Hugging Face Hub."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import RevisionResolutionError

from flowers.errors import DatasetError, HubError
from flowers.folders.aside import kind_by_ending, kind_by_path
from flowers.folders.disk import DiskFile
from flowers.folders.find import Found, find_on_disk, is_zip
from flowers.folders.layout import PhotoSet, Use, by_class, check_classes
from flowers.folders.names import shown
from flowers.photos import SUFFIXES
from flowers.weights.hub import hub_api, hub_errors, patiently, why_cached
from train.data.unpack import unpack

HUB = "hf://"
FORM = "hf://datasets/USER/NAME, with @REVISION if need be"

TABLES = {".parquet": "Parquet", ".arrow": "Arrow", ".tar": "tar", ".tfrecord": "TFRecord"}


def open_source(
    text: str, cache: Path, leave: Collection[Path] = (), use: Use = "train"
) -> PhotoSet[DiskFile]:
    """Find the photos by class that `text` stands for, unpacked below `cache` if need be.

    `leave` are folders that do not count, such as the `--out` of a run. Where the set comes in
    parts, `use` says which is wanted. What was taken for what is printed. Raises `DatasetError`,
    and OSError when the disk cannot be written.

    >>> open_source("hf://datasets/somebody/flowers@v1", Path(".cache"))
    """
    photos = by_class(find_photos(text, cache, leave), use)
    for note in photos.found.notes:
        print(note)
    return check_classes(photos, least=2 if use == "train" else 1)


def find_photos(text: str, cache: Path, leave: Collection[Path] = ()) -> Found[DiskFile]:
    """Find the photos that `text` stands for, in whatever folders they are.

    Raises `DatasetError`, and OSError when the disk cannot be written.
    """
    if text.startswith(HUB):
        return _from_hub(text, cache)
    path = Path(text).expanduser()
    if path.is_file() and is_zip(path):
        return unpack(path, cache)
    if re.match(r"\w+://", text):
        raise DatasetError(f"Photos come from a folder, a zip or {FORM}. Received: {text!r}")
    if path.is_file():
        raise DatasetError(f"{path} is neither a folder nor a zip; give a folder of class folders.")
    return find_on_disk(path, leave)


def source_name(text: str) -> str:
    """What people call the photos at `text`."""
    if text.startswith(HUB):
        return _parse(text)[0]
    path = Path(text).expanduser().resolve()
    return shown(path.stem if path.suffix.lower() == ".zip" else path.name)


# The Hub


def _parse(address: str) -> tuple[str, str]:
    match = re.fullmatch(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@([^@]+))?/?", address)
    if not match:
        raise DatasetError(f"A dataset of the Hub is {FORM}. Received: {address!r}")
    return match[1], match[2] or "main"


def _from_hub(address: str, cache: Path) -> Found[DiskFile]:
    """Download the photos, or the zip of them, of one commit of a dataset repository."""
    name, revision = _parse(address)
    with _dataset_errors(name, revision):
        commit, names, local = _find(hub_api(), name, revision)
    photos = [path for path in names if PurePosixPath(path).suffix.lower() in SUFFIXES]
    # A picture or two beside the real thing do not make class folders.
    folders = {PurePosixPath(path).parent for path in photos} - {PurePosixPath()}
    chosen = None if len(folders) > 1 else _choose_zip(name, names)
    patterns = [_any_case(f"*{suffix}") for suffix in SUFFIXES]
    if chosen is not None:
        patterns = [re.sub(r"([*?[])", r"[\1]", chosen)]
    with _dataset_errors(name, revision):
        folder = _fetch(name, commit, patterns, local)
    if chosen is not None:
        return unpack(folder / chosen, cache)
    found = find_on_disk(folder)
    for file in map(PurePosixPath, set(names) - set(photos)):
        found.aside.add(kind_by_path(file) or kind_by_ending(file), str(file))
    return found


@contextmanager
def _dataset_errors(name: str, revision: str) -> Iterator[None]:
    try:
        with hub_errors(f"datasets/{name}", revision):
            yield
    except HubError as error:
        raise DatasetError(str(error)) from error


def _find(api: HfApi, name: str, revision: str) -> tuple[str, list[str], bool]:
    """Commit and file names of a repository, and whether they are those of the cache."""
    kind = "dataset"
    try:
        info = patiently(lambda: api.dataset_info(name, revision=revision))
        # Notes in the cache which commit it is, for days without a network.
        api.resolve_revision(name, repo_type=kind, revision=revision)
        return str(info.sha), [file.rfilename for file in info.siblings or []], False
    except (OSError, ValueError, httpx2.HTTPError, RevisionResolutionError) as error:
        try:
            found = api.resolve_revision(
                name, repo_type=kind, revision=revision, local_files_only=True
            )
            folder = _fetch(name, found.resolved, ["nothing/"], local=True)
        except (OSError, RevisionResolutionError):
            raise error from None
        reason = why_cached(error, f"datasets/{name}", revision)
        print(f"{reason} The cached photos of {found.resolved[:12]} are used.")
        files = [path for path in folder.rglob("*") if path.is_file()]
        return found.resolved, [path.relative_to(folder).as_posix() for path in files], True


def _fetch(name: str, commit: str, patterns: list[str], local: bool) -> Path:
    return Path(
        patiently(
            lambda: snapshot_download(
                name,
                repo_type="dataset",
                revision=commit,
                allow_patterns=patterns,
                local_files_only=local,
            )
        )
    )


def _any_case(pattern: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in pattern)


def _choose_zip(name: str, names: list[str]) -> str:
    zips = sorted(path for path in names if path.lower().endswith(".zip"))
    training = [path for path in zips if "train" in PurePosixPath(path).name.lower()]
    for candidates in (zips, training):
        if len(candidates) == 1:
            return candidates[0]
    if zips:
        raise DatasetError(
            f"datasets/{name} holds several zips; download the one you mean and give its path. "
            f"Received: {', '.join(zips[:10])}"
        )
    kinds = {TABLES[end] for path in names if (end := PurePosixPath(path).suffix) in TABLES}
    stored = f"keeps its photos in {' and '.join(sorted(kinds))} files"
    raise DatasetError(
        f"datasets/{name} {stored if kinds else 'holds no photos'}, and neither class folders nor "
        f"a zip of them; save its photos to class folders and give that folder."
    )
