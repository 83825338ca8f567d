"""A folder of predictions: Parquet files that appear whole, and which photos they hold.

A photo's rows, one per model, are all in one file. So after a kill a photo has either all of its
rows or none, and what is left to do is what no file holds.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flowers.errors import UserError
from flowers.files import whole_file, write_text

RUN = "_run.json"
"""What the predictions are of and by. Readers of Parquet folders pass by names with this start."""
NAME = "part-{:05}.parquet"

WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("photo", pa.string(), nullable=False),
        pa.field("backbone", WORD, nullable=False),
        pa.field("variant", WORD, nullable=False),
        pa.field("label", WORD),
        pa.field("probability", pa.float32()),
        pa.field("known", pa.bool_()),
        pa.field("p_known", pa.float32()),
        pa.field("probabilities", pa.map_(pa.string(), pa.float32())),
        pa.field("reason", pa.string()),
    ]
)
"""One row per photo and model. `photo` is the path below the data folder. `reason` says why a photo
could not be read; all between `variant` and it is null then. `p_known` is null for a model without
refusal."""


class Shards:
    """The files of one folder. One process at a time may write; see `train.predict.run`."""

    def __init__(self, folder: Path, run: Mapping[str, object]) -> None:
        """Begin the folder, or go on with it. Raises `UserError` when it holds other predictions.

        `run` is what makes predictions the same: data, weights and models, as JSON.
        """
        self.folder = folder
        path = folder / RUN
        if not path.exists():
            if any(folder.glob(NAME.format(0).replace("00000", "*"))):
                raise UserError(f"{folder} holds Parquet files of others; choose another --out.")
            write_text(path, json.dumps(run, indent=1) + "\n")
        there = json.loads(path.read_text(encoding="utf-8"))
        if differing := [key for key in run if there.get(key) != run[key]]:
            raise UserError(
                f"{folder} holds predictions with other {' and '.join(differing)}; choose another "
                f"--out."
            )
        self._parts = self.parts()
        self._next = max((int(part.stem.split("-")[1]) + 1 for part in self._parts), default=0)

    def parts(self) -> list[Path]:
        """The files there are, in the order in which they were written."""
        return sorted(self.folder.glob("part-*.parquet"))

    def done(self) -> set[str]:
        """The photos that have their rows."""
        photos: set[str] = set()
        for part in self.parts():
            photos.update(pq.read_table(part, columns=["photo"])["photo"].unique().to_pylist())
        return photos

    def add(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write the rows of some photos as one file, whole or not at all."""
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
        with whole_file(self.folder / NAME.format(self._next)) as partial:
            pq.write_table(table, partial, compression="zstd")
        self._next += 1
