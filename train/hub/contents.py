"""Which files of a weights folder go to the Hub."""

from pathlib import Path

from flowers.errors import WeightsError
from flowers.photos import SUFFIXES
from flowers.weights.folder import (
    CARD,
    CONFIG,
    EXAMPLES,
    METRICS,
    ROOT_FILES,
    backbone_folders,
    check_file,
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
    for path in sorted((weights / EXAMPLES).glob("*")):
        if path.suffix.lower() in SUFFIXES:
            files[f"{EXAMPLES}/{path.name}"] = path
    return {name: path for name, path in files.items() if path.is_file()}
