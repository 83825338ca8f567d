"""The training kit: `python -m train --help`."""

import os

# Before anything imports TensorFlow, whose notices would stand between the lines of a progress bar.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
