"""What the frozen part of a network makes of every photo, computed once and kept on disk.

Two things are kept for every photo and every augmented view of a training photo: the pooled
features behind the frozen tail, on which the transfer head is trained, and the tensors that cross
the cut, on which the finetuned tail is trained. The latter only where it pays.

On a CPU, LiteRT runs the frozen float32 graph several times faster than `predict`; converting takes
a while, which a few hundred photos repay. Elsewhere Keras itself is used.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from flowers.backbones import Variant
from flowers.files import write_text
from train.data.augment import random_view
from train.data.background import Background
from train.data.cache import PIPELINE
from train.data.dataset import Dataset
from train.data.decoded import DecodedPhotos
from train.data.rowfile import RowFile
from train.data.split import PARTS, Part
from train.network.bfloat16 import has_gpu
from train.network.graph import Network, multiply_adds
from train.quiet import quiet

LEAST_WORK_SAVED = 0.25
"""Keep the trunk's output only where the trunk does at least this share of the network's work."""
FEATURES_SHARE = 0.5
"""And where it takes no more than this share of the free disk."""
CHUNK = 256
"""Rows between two notes of what is done."""
BATCH = 64

THREADS = "TF_NUM_INTRAOP_THREADS"
"""The environment variable that TensorFlow reads; without it, it takes all cores."""

FeatureExtractor = Callable[[np.ndarray], list[np.ndarray]]
"""uint8[n, size, size, 3] to one float array for every output."""

WORTH_CONVERTING = 200
"""Photos from which on converting is quicker, measured with MobileNetV2 and DenseNet121."""
TOLERANCE = 0.01
"""Largest relative difference to Keras that is accepted, as ||a - b|| / ||b||."""


@dataclass
class Features:
    """Features of every view of the training photos, then of the other parts, in manifest order.

    Training photos are those of the classes, then those of background classes. They come in `views`
    blocks, view 0 being the whole photo; photos of the other parts are whole.
    """

    photos: np.ndarray
    """uint8[n, size, size, 3], all decoded photos."""
    photo_rows: np.ndarray
    """Which of `photos` a row is of, int64[rows]."""
    view_numbers: np.ndarray
    """Which view of it, int64[rows]."""
    labels: dict[Part, np.ndarray]
    """Indices of classes, then of background classes, of each part's photos, int64[n]."""
    views: int
    seed: int
    pooled: np.ndarray
    """float32[rows, k]."""
    crossing: list[np.ndarray]
    """One float16[rows, h, w, c] for every tensor across the cut; empty where not kept."""

    @property
    def has_crossing(self) -> bool:
        """Whether the trunk's output is kept."""
        return bool(self.crossing)

    def rows(self, part: Part, chosen: np.ndarray, views: np.ndarray | int = 0) -> np.ndarray:
        """Rows of photos int[b] of a part, each in its view."""
        start = 0
        for other in PARTS[: PARTS.index(part)]:
            start += len(self.labels[other]) * (self.views if other == "train" else 1)
        return start + views * len(self.labels[part]) + chosen

    def inputs(self, variant: Variant, rows: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        """What a variant is trained on, of rows int[b].

        Pooled features float32[b, features], tensors across the cut, float16[b, h, w, c] each, or
        photos uint8[b, s, s, 3].
        """
        if variant == "transfer":
            return self.pooled[rows]
        if self.has_crossing:
            # float16 as kept: Keras casts it, behind half the copying.
            return tuple(array[rows] for array in self.crossing)
        return np.stack([self.photo_of(row) for row in rows])

    def photo_of(self, row: int) -> np.ndarray:
        """The pixels of a row, uint8[size, size, 3]; the same for the same seed."""
        photo, view = np.asarray(self.photos[self.photo_rows[row]]), int(self.view_numbers[row])
        if view == 0:
            return photo
        rng = np.random.default_rng([self.seed, int(row) % len(self.labels["train"]), view])
        return random_view(photo, photo.shape[0], rng)


def compute_features(
    network: Network,
    base_hash: str,
    dataset: Dataset,
    cache: DecodedPhotos,
    folder: Path,
    views: int,
    seed: int,
    crossing: bool = True,
    background: Background | None = None,
) -> Features:
    """Compute the features, or go on where an earlier run stopped. Raises OSError.

    They are kept below `folder`, where features of another base, split, number of `views` or `seed`
    of the views are removed; `base_hash` tells one set of base weights from another. Without
    `crossing` only pooled features are made. Training photos of `background` come with them.
    """
    background = background or Background()
    members = {part: dataset.part(part) for part in PARTS}
    hashes = {part: [photo.sha256 for photo in members[part]] for part in PARTS}
    labels = {part: dataset.labels(members[part]) for part in PARTS}
    extra = background.part("train")
    hashes["train"] += [photo.sha256 for photo in extra]
    labels["train"] = np.concatenate(
        [labels["train"], len(dataset.classes) + background.labels(extra)]
    )
    photos, train = cache.rows(hashes["train"])
    held_out = [cache.rows(hashes[part])[1] for part in PARTS if part != "train"]
    photo_rows = np.concatenate([np.tile(train, views), *held_out])
    view_numbers = np.zeros(len(photo_rows), dtype=np.int64)
    view_numbers[: views * len(train)] = np.repeat(np.arange(views), len(train))
    features = Features(
        photos, photo_rows, view_numbers, labels, views, seed, pooled=np.empty(0), crossing=[]
    )
    key: list = [network.backbone.key, base_hash, dataset.fingerprint, cache.size, views, seed]
    key.append(PIPELINE)  # Other pixels give other features.
    if extra:
        key.append([photo.sha256 for photo in extra])
    # What an earlier run began to keep takes the room that another look at the disk would miss.
    keep = crossing and (
        (folder / _name([*key, True])).exists() or _worth_keeping(network, len(photo_rows), folder)
    )
    name = _name([*key, keep])
    for stale in folder.glob(f"{network.backbone.key}-*"):
        if stale.name != name:
            shutil.rmtree(stale)
    features.pooled, *features.crossing = _kept(features, network, folder / name, keep)
    features.pooled = np.asarray(features.pooled)
    return features


def bytes_a_photo(network: Network) -> int:
    """Size of the tensors across the cut in float16."""
    return sum(2 * int(np.prod(tensor.shape[1:])) for tensor in network.trunk.outputs)


def _name(key: list) -> str:
    """The name of a cache folder; caches of an earlier run are found by it."""
    return f"{key[0]}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}"


def _worth_keeping(network: Network, rows: int, folder: Path) -> bool:
    trunk = multiply_adds(network.trunk.layers)
    share = trunk / (trunk + multiply_adds(network.tails["finetuned"].layers))
    size = rows * bytes_a_photo(network)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    keep = share >= LEAST_WORK_SAVED and size <= FEATURES_SHARE * free
    tqdm.write(
        f"{network.backbone.name}: the trunk does {share:.0%} of the work and its output takes "
        f"{size / 1e9:.1f} GB of {free / 1e9:.0f} GB free, so it is "
        + ("kept." if keep else "computed anew in every epoch.")
    )
    return keep


def _kept(features: Features, network: Network, folder: Path, keep: bool) -> list[np.ndarray]:
    """Fill the files of features, as far as they are not, and read them as memory maps."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, size = len(features.photo_rows), features.photos.shape[1]
    frozen = frozen_model(network, keep)
    shapes = [tuple(tensor.shape[1:]) for tensor in frozen.outputs]
    note = folder / "done.json"
    files = [
        RowFile(folder / f"{i}.npy", rows, shape, np.float16 if i else np.float32)
        for i, shape in enumerate(shapes)
    ]
    if not all(file.exists() for file in files):
        note.unlink(missing_ok=True)  # First: it must not speak of files that are to be made.
        for file in files:
            file.create()
    done = json.loads(note.read_text()) if note.exists() else 0
    if done < rows:
        if done:
            tqdm.write(f"{network.backbone.name}: features of {done} of {rows} photos are there.")
        engine = frozen_engine(frozen, size, rows - done)
        with tqdm(total=rows, initial=done, desc="features", unit="photo") as bar:
            for start in range(done, rows, CHUNK):
                stop = min(start + CHUNK, rows)
                views = np.stack([features.photo_of(row) for row in range(start, stop)])
                for file, output in zip(files, engine(views), strict=True):
                    file.write(start, output)
                write_text(note, str(stop))
                bar.update(stop - start)
    return [file.read() for file in files]


def frozen_model(network: Network, crossing: bool) -> keras.Model:
    """Photo to pooled features of the transfer tail and, with `crossing`, the trunk's output."""
    pooled = keras.layers.GlobalAveragePooling2D()(network.features["transfer"])
    outputs = [pooled, *(network.trunk.outputs if crossing else [])]
    return keras.Model(network.trunk.inputs[0], outputs)


def frozen_engine(model: keras.Model, size: int, photos: int) -> FeatureExtractor:
    """Choose the engine for a number of photos of `size`."""
    if keras.backend.backend() != "tensorflow" or photos < WORTH_CONVERTING or has_gpu():
        return _keras_engine(model)
    fast = _litert_engine(model, size)
    probe = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    # Called, not `predict`: two photos do not repay the compilation of a graph.
    expected = [np.asarray(output) for output in keras.tree.flatten(model(probe, training=False))]
    if not all(map(_agree, fast(probe), expected)):
        tqdm.write("LiteRT does not agree with Keras on this network; Keras is used.")
        return _keras_engine(model)
    return fast


def _agree(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape:
        return False
    return bool(np.linalg.norm(got - expected) <= TOLERANCE * np.linalg.norm(expected))


def _keras_engine(model: keras.Model) -> FeatureExtractor:
    # JAX compiles for every size of a batch, which takes longer than a few photos more.
    multiple = BATCH if keras.backend.backend() == "jax" else 1

    def run(photos: np.ndarray) -> list[np.ndarray]:
        more = np.zeros((-len(photos) % multiple, *photos.shape[1:]), photos.dtype)
        outputs = model.predict(np.concatenate([photos, more]), batch_size=BATCH, verbose=0)
        return [output[: len(photos)] for output in keras.tree.flatten(outputs)]

    return run


def _threads() -> int:
    return int(os.environ.get(THREADS) or os.cpu_count() or 1)


def _litert_engine(model: keras.Model, size: int) -> FeatureExtractor:
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    # Private: what is public freezes variables by way of a SavedModel only, which takes four times
    # as long; the serving artifact goes that way for its named outputs.
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    photo = tf.TensorSpec((1, size, size, 3), tf.uint8)
    with quiet():
        traced = tf.function(lambda photo: model(photo, training=False), input_signature=[photo])
        constant = convert_variables_to_constants_v2(traced.get_concrete_function())
        converted = tf.lite.TFLiteConverter.from_concrete_functions([constant]).convert()
        interpreter = Interpreter(model_content=converted, num_threads=_threads())
        interpreter.allocate_tensors()
    (taken,) = [detail["index"] for detail in interpreter.get_input_details()]
    given = [detail["index"] for detail in interpreter.get_output_details()]

    def run(photos: np.ndarray) -> list[np.ndarray]:
        rows: list[list[np.ndarray]] = [[] for _ in given]
        for photo in photos:
            interpreter.set_tensor(taken, photo[np.newaxis])
            interpreter.invoke()
            for row, index in zip(rows, given, strict=True):
                row.append(interpreter.get_tensor(index))
        return [np.concatenate(row) for row in rows]

    return run
