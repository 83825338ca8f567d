"""The training kit: `python -m train --help`."""
