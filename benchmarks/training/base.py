"""Writes a random base for both sides: `python -m benchmarks.training.base BUILDER SIZE FILE`."""

import sys
from pathlib import Path

import keras

from flowers.files import whole_file

if __name__ == "__main__":
    builder, size, path = sys.argv[1:]
    keras.utils.set_random_seed(0)
    base = getattr(keras.applications, builder)(
        include_top=False, weights=None, input_shape=(int(size), int(size), 3)
    )
    with whole_file(Path(path)) as partial:
        base.save_weights(partial)
