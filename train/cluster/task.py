"""What a node of the cluster does for `fit`: one backbone with one seed, and its export."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ray
from filelock import FileLock

from flowers.backbones import BACKBONES, Backbone, Variant
from flowers.errors import UserError
from flowers.weights.folder import CONFIG, KERAS_WEIGHTS
from train.artifact.finish import finish_backbone
from train.data.background import Background
from train.data.dataset import Dataset
from train.data.decoded import PhotosInMemory
from train.fit import FitJob, Material, Waiting, prepare, train_seed
from train.network.graph import build_network
from train.network.progress import PROGRESS, Progress, save_weights, weights_pattern
from train.work import GRAPH_WEIGHTS, Trained, seed_folder


@dataclass(frozen=True)
class Shared:
    """What all tasks of a run are given, but for the photos."""

    job: FitJob
    dataset: Dataset
    background: Background
    row_of: Mapping[str, int]
    """SHA-256 of a photo -> its row."""

    def material(self, photos: np.ndarray) -> Material:
        """What is learnt from, on a node that was sent `photos`, uint8[n, s, s, 3]."""
        return Material(self.dataset, PhotosInMemory(photos, self.row_of), self.background)

    def folder(self) -> Path:
        """The folder on a node's own disk, made if need be; the same for the same run.

        Nodes of one machine have one each. Raises `UserError`.
        """
        name = f"{self.job.out.resolve()} {self.dataset.fingerprint}"
        run = hashlib.sha256(name.encode()).hexdigest()[:12]
        root = Path(tempfile.gettempdir()) / f"flowers-{os.getuid()}"
        root.mkdir(mode=0o700, exist_ok=True)
        if root.stat().st_uid != os.getuid():
            raise UserError(f"{root} is another's; set TMPDIR to a folder of your own.")
        folder = root / f"{run}-{ray.get_runtime_context().get_node_id()[:12]}"
        folder.mkdir(exist_ok=True)
        return folder


@dataclass(frozen=True)
class Assignment:
    """One backbone with one seed."""

    backbone: Backbone
    number: int
    """Of the seed; 0 is the first, which is served."""
    trained: Trained

    def __str__(self) -> str:
        return f"{self.backbone.name}, seed {self.trained.seed + self.number}"


@dataclass(frozen=True)
class Base:
    """What a base starts from, where that is not the disk of a node."""

    path: str | None
    """As `find_base` gives it."""
    files: Mapping[str, bytes]
    """Name -> content; empty where nodes need none."""

    @classmethod
    def read(cls, path: str | None) -> "Base":
        """Read the files of what `find_base` gave. Raises OSError."""
        if path is None or path == "imagenet":  # Which Keras downloads on each node.
            return cls(path, {})
        file = Path(path)
        names = [file.name] + ([CONFIG] if file.name == KERAS_WEIGHTS else [])
        return cls(path, {name: (file.parent / name).read_bytes() for name in names})

    def put(self, folder: Path) -> str | None:
        """Write the files to `folder`; return what `build_base` takes. Raises OSError."""
        if not self.files or self.path is None:
            return self.path
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return str(folder / Path(self.path).name)


def train_on_node(
    shared: Shared, photos: np.ndarray, assignment: Assignment, base: Base, keeper: Any
) -> None:
    """Train one backbone with one seed, going on from what `keeper` has.

    Runs again where it died. `photos` is read where the object store has it, without a copy.
    """
    job, backbone, number = shared.job, assignment.backbone, assignment.number
    root, material = shared.folder(), shared.material(photos)
    node = ray.get_runtime_context().get_node_id()[:12]
    work = root / f"{backbone.key}-{number}"
    shutil.rmtree(work, ignore_errors=True)
    attempt, files = ray.get(keeper.begin.remote(backbone.key, number, node))
    for name, content in files.items():
        path = seed_folder(work, job.recipe.seed, number) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sent = {Path(name).parts for name in files}

    def keep(folder: Path) -> None:
        new = [p for p in folder.glob(weights_pattern()) if (folder.name, p.name) not in sent]
        weights = {path.name: path.read_bytes() for path in new}
        progress = (folder / PROGRESS).read_text(encoding="utf-8")
        known = backbone.key, number, attempt
        ray.get(keeper.keep.remote(*known, folder.name, weights, progress))
        sent.update((folder.name, name) for name in weights)

    # Of several seeds on one node, one downloads the base and computes features for all.
    with FileLock(root / f"{backbone.key}.lock"):
        path = base.put(root / f"{backbone.key}-base")
        waiting = Waiting(backbone, path, assignment.trained)
        network, features = prepare(job, material, waiting, root / "features")
    train_seed(job, material, waiting, network, features, number, work, keep)
    if number == 0:
        graph = work / GRAPH_WEIGHTS
        save_weights(network.graph(job.variants), graph)
        ray.get(keeper.keep_graph.remote(backbone.key, number, attempt, graph.read_bytes()))
    shutil.rmtree(work)


def finish_on_node(
    shared: Shared,
    photos: np.ndarray,
    trained: Trained,
    graph_weights: bytes,
    progress: dict[Variant, list[Progress]],
) -> tuple[str, dict[str, bytes]]:
    """Export a trained backbone; return the table of its results and the files of its folder."""
    material = shared.material(photos)
    network = build_network(
        BACKBONES[trained.backbone],
        trained.classes,
        None,
        trained.image_size,
        material.background.classes,
    )
    with tempfile.TemporaryDirectory(dir=shared.folder()) as folder:
        path = Path(folder) / KERAS_WEIGHTS
        path.write_bytes(graph_weights)
        graph = network.load(path, trained.variants, refuses=trained.refusal is not None)
        table = finish_backbone(
            graph, Path(folder), trained, material.dataset, material.photos, progress
        )
        return table, {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def clean_up(shared: Shared) -> None:
    """Remove the folder of this node."""
    shutil.rmtree(shared.folder(), ignore_errors=True)
