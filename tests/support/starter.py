"""What the float32 Keras graphs behind the starter weights say of drawn flowers.

The graphs are not part of the project, so their answers are kept, for the artifacts to be held
against: `python -m tests.support.starter runs/starter/weights`, once weights are made anew.
"""

import json
import sys
from pathlib import Path

import numpy as np

from flowers.files import write_text
from flowers.weights.folder import backbone_folders
from tests.support.photos import DRAWINGS, drawing

PINS = Path(__file__).with_name("starter.json")
"""`{backbone: {variant: {drawing: probabilities, not calibrated}}}`."""


def pin(weights: Path) -> None:
    """Note what each graph of a folder that `fit` wrote says; leave other backbones as they are."""
    from train.network.graph import keras_probabilities, load_graph

    pins = json.loads(PINS.read_text()) if PINS.exists() else {}
    for folder in backbone_folders(weights):
        graph = load_graph(folder)
        size = graph.inputs[0].shape[1]
        photos = np.stack([drawing(name, size) for name in DRAWINGS])
        pins[folder.name] = {
            variant: {
                name: [round(float(p), 4) for p in row]
                for name, row in zip(DRAWINGS, rows, strict=True)
            }
            for variant, rows in keras_probabilities(graph, photos).items()
        }
    write_text(PINS, json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    pin(Path(sys.argv[1]))
