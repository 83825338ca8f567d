"""Makes the files of every row of one backbone, once; not timed. A process for each backbone.

    python -m benchmarks.serving.make mobilenetv2 FOLDER

From one set of weights: two plain Keras models, and the serving artifact in two precisions.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from flowers.errors import WeightsError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from benchmarks.plain_keras import build_plain, preprocessing
from benchmarks.serving.files import SERVED_PRECISIONS, Made, write_photos
from flowers.backbones import BACKBONES, DEFAULT_CLASSES, VARIANTS
from flowers.files import whole_file, write_text
from flowers.photos import read_photo
from flowers.weights.folder import (
    ARTIFACT,
    BaseSource,
    Config,
    FileRecord,
    Precision,
    VariantSettings,
    check_file,
    read_config,
    record_of,
    write_config,
)
from train.artifact.convert import artifacts
from train.network.graph import Network, build_network, load_network, multiply_adds

CALIBRATION = 8
"""Photos for int8 conversion. Their number changes the ranges that are found and not the speed."""


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing of one backbone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backbone", choices=BACKBONES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--trained", type=Path, help="a backbone's folder in a weights folder")
    parser.add_argument("--image-size", type=int, required=True)
    parser.add_argument("--kinds", required=True, help="what to make, separated by commas")
    given = parser.parse_args(arguments)
    paths = write_photos(given.photos, CALIBRATION)
    sample = np.stack([read_photo(path, given.image_size) for path in paths])
    try:
        setup = Setup(Made(given.folder, given.backbone), sample, given.image_size, given.trained)
    except WeightsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    setup.make(given.kinds.split(","))
    return 0


class Setup:
    """One backbone's graph, and what is made of it."""

    def __init__(
        self, made: Made, sample: np.ndarray, image_size: int, trained: Path | None = None
    ) -> None:
        """`sample` is uint8[n, size, size, 3]; `trained` a backbone's folder, else random weights.

        Raises `WeightsError` when the trained weights cannot be used.
        """
        self.made, self.sample, self.trained = made, sample, trained
        self.backbone = BACKBONES[made.backbone]
        self.config = read_config(trained) if trained else None
        self.classes = self.config.classes if self.config else list(DEFAULT_CLASSES)
        self.image_size = image_size
        if trained:
            self.network, self.graph = load_network(trained)
        else:
            keras.utils.set_random_seed(0)
            self.network = build_network(self.backbone, self.classes, None, image_size)
            self.graph = self.network.graph()
            if made.graph.exists():
                self.graph.load_weights(made.graph)
            else:
                part_ways(self.network)
                level_out(self.graph, sample)
        if not made.graph.exists():
            with whole_file(made.graph) as partial:
                self.graph.save_weights(partial)

    def make(self, kinds: Sequence[str]) -> None:
        """Make what is missing."""
        for kind in kinds:
            if not self.made.has(kind):
                print(f"{self.backbone.name}: making {kind}", flush=True)
                self._plain() if kind == "plain" else self._served(kind)

    def _plain(self) -> None:
        photos = self.sample[:2]
        expected = self.graph.predict(photos, verbose=0)
        work = {"plain": 0, "fused": multiply_adds(self.graph.layers)}
        for variant in VARIANTS:
            model = build_plain(self.backbone.builder, len(self.classes), photos.shape[1])
            base, _, hidden, _, logits = model.layers[1:]
            part = keras.Model(self.graph.inputs[0], self.network.features[variant])
            base.set_weights(part.get_weights())
            head = self.network.heads[variant]
            hidden.set_weights(head.hidden.get_weights())
            # Those of background classes come last, and plain Keras has none.
            logits.set_weights([w[..., : len(self.classes)] for w in head.logits.get_weights()])
            ready = preprocessing(self.backbone.builder)(photos.astype(np.float32))
            found = model.predict(ready, verbose=0)
            np.testing.assert_allclose(found, expected[f"{variant}_probabilities"], atol=1e-3)
            with whole_file(self.made.plain(variant)) as partial:
                model.save_weights(partial)
            work["plain"] += multiply_adds([*base.layers, hidden, logits])
        write_text(self.made.work, json.dumps(work))

    def _served(self, kind: str) -> None:
        folder, precision = self.made.served(kind), SERVED_PRECISIONS[kind]
        with whole_file(folder / ARTIFACT) as partial:
            if self.trained and self.config and self.config.precision == precision:
                # What was chosen for these weights, whatever the kind.
                shutil.copyfile(check_file(self.trained, self.config, ARTIFACT), partial)
            else:
                partial.write_bytes(next(artifacts(self.graph, precision, self.sample)))
        files = {ARTIFACT: record_of(folder / ARTIFACT)}
        if self.config:
            config = self.config.model_copy(update={"precision": precision, "files": files})
        else:
            config = self._random_config(precision, files)
        write_config(folder, config)

    def _random_config(self, precision: Precision, files: dict[str, FileRecord]) -> Config:
        return Config(
            backbone=self.backbone.key,
            classes=self.classes,
            image_size=self.image_size,
            preprocessing=self.backbone.preprocessing,
            precision=precision,
            variants={variant: VariantSettings() for variant in VARIANTS},
            recipe={},
            versions={},
            data_fingerprint="none",
            base=BaseSource(kind="none", name="random weights"),
            files=files,
        )


def part_ways(network: Network) -> None:
    """Give the finetuned tail other random weights than its twin, in place.

    Converters find equal parts of a graph and merge them, and then half of the work were not done.
    """
    rng = np.random.default_rng(0)
    for layer in network.tails["finetuned"].layers:
        layer.set_weights(
            [rng.permutation(w.ravel()).reshape(w.shape) for w in layer.get_weights()]
        )


def level_out(graph: keras.Model, sample: np.ndarray) -> None:
    """Set the statistics of batch normalization to those of `sample`, uint8[n, s, s, 3].

    As random weights come, activations fade or grow from layer to layer, until every photo gets
    the same answer and rows could not be told to agree.
    """
    norms = [x for x in graph.layers if isinstance(x, keras.layers.BatchNormalization)]
    for layer in norms:
        layer.trainable, layer.momentum = True, 0.0
    graph(sample, training=True)
    for layer in norms:
        layer.trainable = False


if __name__ == "__main__":
    sys.exit(main())
