"""Which files of a weights folder go to the Hub."""

from pathlib import Path

from flowers.errors import WeightsError
from flowers.folders.find import find_on_disk
from flowers.weights.folder import (
    CARD,
    CONFIG,
    EXAMPLES,
    METRICS,
    ROOT_FILES,
    backbone_folders,
    check_file,
    is_served,
    read_config,
)
from flowers.weights.results import read_metrics


def checked_files(weights: Path) -> dict[str, Path]:
    """Path in the repository -> path here, but for the card, of a folder that is whole.

    Raises `WeightsError`.
    """
    folders = backbone_folders(weights)
    if not folders:
        raise WeightsError(
            f"{weights} holds no weights; give the folder that `python -m train fit --out` wrote."
        )
    files = {name: weights / name for name in ROOT_FILES if name != CARD}
    for folder in folders:
        config = read_config(folder)
        for name in config.files:
            check_file(folder, config, name)
        if (folder / METRICS).is_file():
            read_metrics(folder)
        names = {CONFIG, METRICS, *config.files}
        files |= {f"{folder.name}/{name}": folder / name for name in names}
    if (weights / EXAMPLES).is_dir():
        for photo in find_on_disk(weights / EXAMPLES).photos:
            name = f"{EXAMPLES}/{photo.name}"
            if is_served(name):
                files[name] = photo.path
            else:
                print(f"{name} is not pushed: apps fetch photos by their endings; name it .jpg.")
    return {name: path for name, path in files.items() if path.is_file()}
