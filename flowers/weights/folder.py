"""A weights folder: its layout, the schema of `config.json`, and whether files are what it says.

The same tree lies on disk and on the Hub. JSON is validated, other files are checked by size and
hash before anything opens them, and nothing that executes code on loading is ever read.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from flowers.backbones import BACKBONES, Preprocessing, Variant
from flowers.errors import WeightsError, said
from flowers.files import sha256_of, write_text
from flowers.photos import SUFFIXES

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "weights"
"""The weights folder that a fresh clone serves."""

SCHEMA_VERSION: Literal[2] = 2
"""Of the `config.json` that is written; version 1, without `refusal`, is still read."""
CONFIG = "config.json"
ARTIFACT = "model.tflite"
KERAS_WEIGHTS = "model.weights.h5"
METRICS = "metrics.json"
CARD = "README.md"
PUBLISHED = "published.json"
MANIFEST = "manifest.json"

SERVING_FILES = (CONFIG, ARTIFACT, METRICS)
"""What an app needs of a backbone."""

BACKBONE_FILES = (*SERVING_FILES, KERAS_WEIGHTS)
ROOT_FILES = (CARD, PUBLISHED, MANIFEST)

MAX_JSON_FILE = 100_000_000
"""Bytes of one JSON file; figures of 100,000 test photos take some 30 MB."""

EXAMPLES = "examples"
"""Folder of a weights folder whose photos the page offers."""

SMALL_FILES = (
    *(CARD, PUBLISHED),
    *(f"{key}/{name}" for key in BACKBONES for name in (CONFIG, METRICS)),
    *(f"{EXAMPLES}/*{suffix}" for suffix in sorted(SUFFIXES)),
)
"""Patterns of all that an app fetches before a backbone is chosen."""

Precision = Literal["int8", "float16", "float32"]
Share = Annotated[float, Field(ge=0, le=1)]
ClassName = Annotated[str, Field(min_length=1, max_length=255)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Schema(BaseModel):
    """Strict about names, so that a misspelt field is an error and not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


_S = TypeVar("_S", bound=Schema)


class FileRecord(Schema):
    """What a file must be."""

    bytes: Annotated[int, Field(ge=0, le=10**12)]
    sha256: Sha256


class Refusal(Schema):
    """When a variant says that a photo shows none of the classes; see `known_probability`."""

    method: Literal["background", "neighbours"]
    """`background`: the score of the artifact is P(known), learned from photos of background
    classes. `neighbours`: it is the largest cosine similarity of the photo's pooled
    features to kept centroids of the training photos."""
    threshold: Share
    """A photo whose P(known) is below is refused."""
    background: tuple[str, ...] = ()
    """Names of the background classes; only for people."""
    reference: Annotated[tuple[float, ...], Field(max_length=200)] = ()
    """For `neighbours`: scores of validation photos of the classes, or their quantiles, sorted."""

    @model_validator(mode="after")
    def _check(self) -> "Refusal":
        if self.method == "neighbours" and not self.reference:
            raise ValueError("a refusal by neighbours has the reference scores")
        if any(a > b for a, b in pairwise(self.reference)):
            raise ValueError("the reference scores are sorted")
        return self


class VariantSettings(Schema):
    """How a variant's outputs are read."""

    temperature: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    """Probabilities p become p^(1/T), normalized (Guo et al. 2017)."""
    unknown_threshold: Share = 0.0
    """Without `refusal`: below this calibrated top probability a photo is none of the classes."""
    refusal: Refusal | None = None

    @model_validator(mode="after")
    def _check(self) -> "VariantSettings":
        if self.refusal and self.unknown_threshold:
            raise ValueError("a variant has either refusal or unknown_threshold")
        return self


class PretrainingStage(Schema):
    """One of the trainings that a base had in this project, the first of which began from nothing.

    Or from the ImageNet weights that its source names.
    """

    image_size: Annotated[int, Field(ge=32, le=1024)]
    epochs: Annotated[int, Field(ge=1)]


class BaseSource(Schema):
    """Where the base came from before this training."""

    kind: Literal["imagenet", "none", "file"]
    name: str
    """For people: "ImageNet weights of keras.applications", or the name of the file."""
    sha256: Sha256 | None = None
    stages: tuple[PretrainingStage, ...] = ()
    """None where that is not known, as of a base from elsewhere."""

    @property
    def epochs(self) -> int | None:
        """Of all stages together."""
        return sum(stage.epochs for stage in self.stages) or None


class Config(Schema):
    """`<backbone>/config.json`."""

    schema_version: Literal[1, 2] = SCHEMA_VERSION
    backbone: str
    classes: Annotated[list[ClassName], Field(min_length=2)]
    """In the order of the outputs."""
    image_size: Annotated[int, Field(ge=32, le=1024)]
    preprocessing: Preprocessing
    """Part of the graph; stands here for readers."""
    precision: Precision
    """Of weights in the artifact; for int8 of activations, too, where that agrees with Keras."""
    variants: Annotated[dict[Variant, VariantSettings], Field(min_length=1)]
    recipe: dict[str, JsonValue]
    versions: dict[str, str]
    data_fingerprint: str
    base: BaseSource
    notice: str | None = None
    """One sentence that the app shows wherever it shows these weights."""
    files: dict[str, FileRecord]

    @model_validator(mode="after")
    def _check(self) -> "Config":
        if self.backbone not in BACKBONES:
            raise ValueError(f"backbone is one of {', '.join(BACKBONES)}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes are all different")
        if self.schema_version == 1 and any(v.refusal for v in self.variants.values()):
            raise ValueError("refusal stands in schema_version 2")
        for name in self.files:
            if name not in BACKBONE_FILES or name == CONFIG:
                raise ValueError(f"files are among {', '.join(BACKBONE_FILES[1:])}, not {name!r}")
        if ARTIFACT not in self.files:
            raise ValueError(f"files has {ARTIFACT}")
        return self


@dataclass(frozen=True)
class Artifact:
    """An artifact that may be loaded: its file was checked, or was made in this process."""

    path: Path
    config: Config


def read_config(folder: Path) -> Config:
    """Read and validate `config.json` of a backbone's folder. Raises `WeightsError`."""
    try:
        text = read_json(folder / CONFIG)
    except FileNotFoundError:
        raise WeightsError(f"{folder.name} has no {CONFIG}; train or pull it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{folder.name}/{CONFIG} cannot be read; pull it again. Received: {said(error)}"
        ) from error
    return parse_config(text, folder.name)


def parse_config(text: str, backbone: str) -> Config:
    """Validate the text of a backbone's `config.json`. Raises `WeightsError`."""
    version = _schema_version(text)
    if version is not None and version not in (1, SCHEMA_VERSION):
        raise WeightsError(
            f"{backbone}/{CONFIG} has schema version {version} and this program reads 1 and "
            f"{SCHEMA_VERSION}; update the program or train the weights anew."
        )
    config = validate(text, Config, f"{backbone}/{CONFIG}")
    if config.backbone != backbone:
        raise WeightsError(
            f"{backbone}/{CONFIG} belongs to another backbone; restore the folder's name. "
            f"Received: {config.backbone}"
        )
    return config


def read_json(path: Path) -> str:
    """The text of a JSON file of a weights folder. Raises OSError and UnicodeDecodeError."""
    if (size := path.stat().st_size) > MAX_JSON_FILE:
        raise OSError(f"{size:,} bytes are more than {MAX_JSON_FILE:,}")
    return path.read_text(encoding="utf-8")


def validate(text: str, schema: type[_S], name: str) -> _S:
    """Read JSON as `schema` has it. Raises `WeightsError` that says what of `name` is malformed."""
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "the file"
        raise WeightsError(
            f"{name} is malformed at {place}: {first['msg']}; pull or train it again."
        ) from error


def _schema_version(text: str) -> int | None:
    """The number that a JSON object gives as its version; None where it gives none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # Pydantic says what is wrong, and where.
        return None
    version = found.get("schema_version") if isinstance(found, dict) else None
    return version if type(version) is int else None


def write_config(folder: Path, config: Config) -> None:
    """Write `config.json`, whole or not at all. Write it last: it vouches for the other files."""
    write_text(folder / CONFIG, config.model_dump_json(indent=1) + "\n")


def record_of(path: Path) -> FileRecord:
    """Size and hash of a file."""
    return FileRecord(bytes=path.stat().st_size, sha256=sha256_of(path))


def check_file(folder: Path, config: Config, name: str) -> Path:
    """Return the path of a file after checking size and hash. Raises `WeightsError`."""
    path = folder / name
    expected = config.files.get(name)
    if expected is None:
        raise WeightsError(f"{folder.name}/{CONFIG} does not list {name}; pull or train it again.")
    try:
        size = path.stat().st_size
        if size != expected.bytes:
            raise WeightsError(
                f"{folder.name}/{name} is incomplete or changed; pull or train it again. "
                f"Expected {expected.bytes:,} bytes. Received: {size:,}"
            )
        found = sha256_of(path)
    except FileNotFoundError:
        raise WeightsError(f"{folder.name}/{name} is missing; pull or train it again.") from None
    except OSError as error:
        raise WeightsError(
            f"{folder.name}/{name} cannot be read; pull it again. Received: {said(error)}"
        ) from error
    if found != expected.sha256:
        raise WeightsError(
            f"{folder.name}/{name} is not the file its {CONFIG} names; pull or train it again. "
            f"Expected sha256 {expected.sha256[:12]}. Received: {found[:12]}"
        )
    return path


def check_artifact(folder: Path) -> Artifact:
    """The artifact in a backbone's folder, after checking it. Raises `WeightsError`."""
    config = read_config(folder)
    return Artifact(check_file(folder, config, ARTIFACT), config)


def is_served(path: str) -> bool:
    """Whether an app would ever fetch this file of a repository."""
    artifacts = [f"{key}/{ARTIFACT}" for key in BACKBONES]
    return any(fnmatchcase(path, pattern) for pattern in [*SMALL_FILES, *artifacts])


def backbone_folders(root: Path) -> list[Path]:
    """Folders of backbones below a weights folder, in the order of `BACKBONES`."""
    return [root / key for key in BACKBONES if (root / key / CONFIG).is_file()]
