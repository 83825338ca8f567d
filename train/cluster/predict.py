"""`predict --cluster`: this machine reads photo files, all machines decode and ask, by Ray Data.

Each step is a task without state, so one that dies with its process or node runs again elsewhere.
"""

import logging
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from pathlib import Path

import pyarrow as pa
import ray
import ray.data
from tqdm import tqdm

from flowers.backbones import Variant
from flowers.weights.folder import Artifact, Config
from train.cluster.session import session
from train.predict.run import Ask, PredictJob
from train.predict.worker import NamedPhoto, ReadPhoto, RowMaker, ShardRow

MOST_PHOTOS = 64
"""Photos in one task."""
TASKS_PER_CORE = 4
"""At least, so that no core waits long for another at the end."""


@dataclass(frozen=True)
class Models:
    """What every node is sent: the files of artifacts, and which variants are asked."""

    artifacts: Sequence[tuple[bytes, Config]]
    variants: Sequence[Variant]

    def load(self) -> RowMaker:
        """Load the models. Raises `WeightsError`."""
        with tempfile.TemporaryDirectory() as folder:
            artifacts = []
            for content, config in self.artifacts:
                path = Path(folder) / f"{config.backbone}.tflite"
                path.write_bytes(content)
                artifacts.append(Artifact(path, config))
            # The runtime keeps the files open, so that their names are no longer needed.
            return RowMaker(artifacts, self.variants)


def asker_on(address: str) -> Ask:
    """A way to ask for `train.predict.run.run_predict`; see `session` for `address`."""

    def ask(
        job: PredictJob, artifacts: Sequence[Artifact], photos: Sequence[NamedPhoto]
    ) -> Iterator[list[ShardRow]]:
        with session(address):
            yield from _ask(job, artifacts, photos)

    return ask


def _ask(
    job: PredictJob, artifacts: Sequence[Artifact], photos: Sequence[NamedPhoto]
) -> Iterator[list[ShardRow]]:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    models = ray.put(Models([(a.path.read_bytes(), a.config) for a in artifacts], job.variants))
    cores = int(ray.cluster_resources().get("CPU", 1))
    portion = max(1, min(MOST_PHOTOS, ceil(len(photos) / (TASKS_PER_CORE * cores))))
    on_this_machine = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
    answers = (
        ray.data.from_items(
            [{"photo": pickle.dumps(photo)} for photo in photos],
            override_num_blocks=ceil(len(photos) / portion),
        )
        .map_batches(_read, batch_format="pyarrow", num_cpus=0, label_selector=on_this_machine)
        .map_batches(_predict, batch_format="pyarrow", num_cpus=1, fn_args=(models.hex(), [models]))
    )
    waiting: list[list[ShardRow]] = []
    left = len(photos)
    with tqdm(total=len(photos), desc="photos", unit="photo") as bar:
        for block in answers.iter_batches(batch_size=None, batch_format="pyarrow"):
            waiting += map(pickle.loads, block["rows"].to_pylist())
            bar.update(len(block))
            left -= len(block)
            while len(waiting) >= job.photos_per_file or (waiting and not left):
                yield list(chain.from_iterable(waiting[: job.photos_per_file]))
                del waiting[: job.photos_per_file]


def _read(photos: pa.Table) -> pa.Table:
    """Read files, on the machine that has them."""
    files = [ReadPhoto.read(pickle.loads(photo)) for photo in photos["photo"].to_pylist()]
    return pa.table({"file": pa.array(map(pickle.dumps, files), pa.large_binary())})


class _Process:
    """What a process of a node keeps from task to task."""

    of: str = ""
    maker: RowMaker | None = None


def _predict(files: pa.Table, of: str, models: Sequence[ray.ObjectRef]) -> pa.Table:
    """All rows of a photo in one cell, so that no block has some of them."""
    if _Process.maker is None or _Process.of != of:
        _Process.of, _Process.maker = of, ray.get(models[0]).load()
    rows = [_Process.maker.rows(pickle.loads(file)) for file in files["file"].to_pylist()]
    return pa.table({"rows": pa.array(map(pickle.dumps, rows), pa.large_binary())})
