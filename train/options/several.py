"""Options that several commands have, and how an instance is made of those that were given."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from train.options.values import image_size, natural, positive
from train.recipe import PretrainRecipe, Recipe

SOURCE = "DIR|ZIP|hf://datasets/USER/NAME"

_T = TypeVar("_T")


def given(kind: type[_T], options: argparse.Namespace, **others: Any) -> _T:
    """An instance of a dataclass from the options that are named as its fields."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{k: v for k, v in vars(options).items() if k in names} | others)


def switch(
    parser: argparse.ArgumentParser, option: str, text: str, dest: str | None = None, to=True
) -> None:
    """An option without a value, absent where it is not given."""
    name = dest or option.removeprefix("--").replace("-", "_")
    parser.add_argument(
        option, dest=name, action="store_const", const=to, default=argparse.SUPPRESS, help=text
    )


def cluster_option(parser: argparse.ArgumentParser) -> None:
    """Add `--cluster`."""
    parser.add_argument(
        "--cluster",
        metavar="auto|HOST:PORT",
        help="work on a Ray cluster that this machine belongs to; auto: on this machine alone "
        "where there is none",
    )


def data_and_out(parser: argparse.ArgumentParser) -> None:
    """Add `--data` and `--out`."""
    parser.add_argument(
        "--data",
        required=True,
        metavar=SOURCE,
        help="a folder of class folders, a zip of one, or a dataset on the Hub with class folders",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")


def sizes_and_seed(
    parser: argparse.ArgumentParser, recipe: Recipe | PretrainRecipe, pixels: int
) -> None:
    """Add `--batch-size`, `--image-size` and `--seed`."""
    parser.add_argument(
        "--batch-size", type=positive, default=recipe.batch_size, help="photos per step"
    )
    parser.add_argument(
        "--image-size", type=image_size, default=pixels, metavar="PIXELS", help="of a side"
    )
    parser.add_argument(
        "--seed", type=natural, default=recipe.seed, help="of the split, views and weights"
    )


def mixed_precision(parser: argparse.ArgumentParser) -> None:
    """Add `--mixed-precision`."""
    parser.add_argument(
        "--mixed-precision",
        action=argparse.BooleanOptionalAction,
        help="train in bfloat16; weights, losses and exports stay float32 (default: on a GPU only)",
    )
