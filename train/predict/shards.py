"""A folder of predictions: Parquet files that appear whole, and which photos they hold.

A photo's rows, one per model, are all in one file. So after a kill a photo has either all of its
rows or none, and what is left to do is what no file holds.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flowers.errors import UserError
from flowers.files import sha256_of, whole_file, write_text

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
        pa.field("bytes", pa.int64()),
        pa.field("modified_ns", pa.int64()),
        pa.field("sha256", pa.string()),
    ]
)
"""One row per photo and model. `photo` is the path below the data folder. `reason` says why a photo
could not be read; all between `variant` and it is null then. `p_known` is null for a model without
refusal. The last three tell whether the file is what was asked about; they are null where it could
not even be opened."""


@dataclass(frozen=True)
class AskedFile:
    """The file of a photo when the models were asked about it."""

    bytes: int | None
    modified_ns: int | None
    sha256: str | None

    def is_still(self, path: Path) -> bool:
        """Whether a file holds the same. It is read only where its date alone has changed."""
        try:
            status = path.stat()
            if status.st_size != self.bytes:
                return False
            return status.st_mtime_ns == self.modified_ns or sha256_of(path) == self.sha256
        except OSError:
            return False


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

    def done(self) -> dict[str, AskedFile]:
        """The photos that have their rows, and what their files were."""
        photos: dict[str, AskedFile] = {}
        columns = ["photo", "bytes", "modified_ns", "sha256"]
        for part in self.parts():
            table = pq.read_table(part, columns=columns).group_by(columns).aggregate([])
            for name, *asked in zip(*(table[key].to_pylist() for key in columns), strict=True):
                photos[name] = AskedFile(*asked)
        return photos

    def forget(self, photos: Set[str]) -> None:
        """Remove the rows of some photos, so that they can be added anew."""
        if not photos:
            return
        for part in self.parts():
            table = pq.read_table(part)
            kept = table.filter([name not in photos for name in table["photo"].to_pylist()])
            if not len(kept):
                part.unlink()
            elif len(kept) < len(table):
                self._write(kept, part)

    def add(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write the rows of some photos as one file, whole or not at all."""
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
        self._write(table, self.folder / NAME.format(self._next))
        self._next += 1

    def _write(self, table: pa.Table, part: Path) -> None:
        with whole_file(part) as partial:
            pq.write_table(table, partial, compression="zstd")
