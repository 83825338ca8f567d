"""The options of the commands.

An option has the name of the dataclass field that it fills. One without a default is absent from
the namespace when it is not given, so that the dataclass alone says what holds then.
"""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, find_backbone
from train.option_values import (
    device_count,
    image_size,
    natural,
    positive,
    some_backbones,
    some_variants,
)
from train.work import Recipe

SOURCE = "DIR|ZIP|hf://datasets/USER/NAME"

_T = TypeVar("_T")


def given(kind: type[_T], options: argparse.Namespace, **others: Any) -> _T:
    """An instance of a dataclass from the options that are named as its fields."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{k: v for k, v in vars(options).items() if k in names} | others)


def fit_options(fit: argparse.ArgumentParser) -> None:
    """Add the options of `fit`."""
    recipe = Recipe()
    _data_and_out(fit)
    fit.add_argument(
        "--backbones",
        type=some_backbones,
        default="mobilenetv2",
        metavar="KEYS",
        help=f"comma-separated among {', '.join(BACKBONES)}; or all",
    )
    fit.add_argument(
        "--variants",
        type=some_variants,
        default=",".join(VARIANTS),
        metavar="KEYS",
        help="transfer, finetuned or both",
    )
    fit.add_argument("--epochs", type=positive, default=recipe.epochs, help="of each variant")
    fit.add_argument(
        "--batch-size", type=positive, default=recipe.batch_size, help="photos per step"
    )
    fit.add_argument(
        "--seed", type=natural, default=recipe.seed, help="of the split, views and weights"
    )
    fit.add_argument(
        "--seeds",
        type=positive,
        default=1,
        metavar="N",
        help="train N times, each time with the next seed, to tell how much is chance; the first "
        "is served",
    )
    fit.add_argument(
        "--views",
        type=positive,
        default=recipe.views,
        help="versions of each training photo in the cache, the whole one and augmented ones",
    )
    fit.add_argument(
        "--base",
        default="imagenet",
        metavar="imagenet|none|PATH",
        help="where the base starts: ImageNet weights, random ones, a weights file, a folder "
        "written by pretrain, or a weights folder",
    )
    fit.add_argument(
        "--unknown",
        metavar=SOURCE,
        help="photos of none of the classes, to learn refusal from: each subfolder is a kind",
    )
    fit.add_argument(
        "--precision",
        choices=["auto", "int8", "float16", "float32"],
        default="auto",
        help="of the serving artifact; auto: int8 where it costs at most 0.5 points",
    )
    fit.add_argument("--notice", metavar="TEXT", help="one sentence shown wherever weights are")
    fit.add_argument(
        "--image-size", type=image_size, default=IMAGE_SIZE, metavar="PIXELS", help="of a side"
    )
    _mixed_precision(fit)
    fit.add_argument(
        "--examples", type=positive, metavar="N", help="put N test photos into the folder"
    )
    fit.add_argument(
        "--examples-license", metavar="TEXT", help="their licence and author, needed for --examples"
    )
    _switch(
        fit, "--no-export", "leave serving artifacts to the export command", dest="export", to=False
    )
    fit.add_argument(
        "--devices",
        type=device_count,
        metavar="N|all",
        help="GPUs that one training runs on, each with its share of every batch; 1 without it",
    )
    cluster_option(fit)
    fit.add_argument("--push", metavar="USER/REPO", help="push the finished folder to the Hub")
    _switch(fit, "--private", "with --push: as a private repository")


def pretrain_options(pretrain: argparse.ArgumentParser) -> None:
    """Add the options of `pretrain`."""
    _data_and_out(pretrain)
    pretrain.add_argument(
        "--backbone", type=find_backbone, required=True, metavar="KEY", help=", ".join(BACKBONES)
    )
    pretrain.add_argument(
        "--extra",
        type=Path,
        action="append",
        metavar="DIR",
        help="more class folders to learn from, of any classes; may be given again",
    )
    pretrain.add_argument(
        "--base", default="none", metavar="none|imagenet|PATH", help="where the base starts"
    )
    pretrain.add_argument(
        "--teacher", type=Path, metavar="DIR", help="a trained backbone's folder to learn from"
    )
    pretrain.add_argument(
        "--image-size", type=image_size, default=160, metavar="PIXELS", help="of a side"
    )
    pretrain.add_argument("--epochs", type=positive, default=30, help="over all photos")
    pretrain.add_argument("--batch-size", type=positive, default=64, help="photos per step")
    pretrain.add_argument("--learning-rate", type=float, default=1e-3, help="the highest")
    pretrain.add_argument("--seed", type=natural, default=0, help="of split, views and weights")
    _mixed_precision(pretrain)


def export_options(export: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    export.add_argument(
        "--weights", type=Path, required=True, metavar="DIR", help="the --out of fit"
    )


def predict_options(predict: argparse.ArgumentParser) -> None:
    """Add the options of `predict`."""
    predict.add_argument(
        "--data", required=True, metavar=SOURCE, help="photos, in folders of any kind and depth"
    )
    predict.add_argument(
        "--weights",
        default="weights",
        metavar="DIR|hf://USER/REPO",
        help="a weights folder, or one on the Hub, with @REVISION if need be",
    )
    predict.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where Parquet files are written"
    )
    predict.add_argument(
        "--backbones",
        type=some_backbones,
        metavar="KEYS",
        help="all that the weights have without it",
    )
    predict.add_argument(
        "--variants",
        type=some_variants,
        metavar="KEYS",
        help="transfer or finetuned; both without it",
    )
    predict.add_argument(
        "--workers", type=positive, metavar="N", help="processes; one per core without it"
    )
    cluster_option(predict)
    predict.add_argument(
        "--photos-per-file",
        type=positive,
        metavar="N",
        help="at most; a killed run loses up to this number per process",
    )


def audit_options(audit: argparse.ArgumentParser) -> None:
    """Add the options of `audit`."""
    _data_and_out(audit)
    audit.add_argument(
        "--base",
        default="imagenet",
        metavar="imagenet|PATH",
        help="the base whose features tell: ImageNet weights, a weights file, a folder written by "
        "pretrain, or a weights folder",
    )
    audit.add_argument(
        "--backbone", choices=list(BACKBONES), default="mobilenetv2", help="of that base"
    )


def push_options(push: argparse.ArgumentParser) -> None:
    """Add the options of `push`."""
    push.add_argument("--weights", type=Path, required=True, metavar="DIR", help="what to push")
    push.add_argument("--repo", required=True, metavar="USER/REPO", help="where to")
    _switch(push, "--private", "create the repository as private")
    _switch(push, "--dry-run", "only list what would be sent")
    push.add_argument("--tag", help="name of the tag; the next of v1, v2, … without it")
    push.add_argument("--license", metavar="ID", help="licence of the weights, as the Hub names it")


def space_options(space: argparse.ArgumentParser) -> None:
    """Add the options of `space`."""
    space.add_argument("space", metavar="USER/SPACE", help="where to")
    weights = space.add_mutually_exclusive_group()
    weights.add_argument(
        "--weights",
        type=Path,
        default=Path("weights"),
        metavar="DIR",
        help="the weights that go along",
    )
    weights.add_argument("--repo", metavar="USER/REPO", help="where the app pulls its weights from")
    weights.add_argument(
        "--static", type=Path, metavar="DIR", help="deploy the page that `make static` built"
    )
    space.add_argument("--revision", help="with --repo: tag, branch or hash to pin to")
    _switch(space, "--private", "create the Space as a private one")
    _switch(space, "--dry-run", "only list what would be sent")


def evaluate_options(evaluate: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate`."""
    evaluate.add_argument(
        "--weights", type=Path, required=True, metavar="DIR", help="what to measure"
    )
    evaluate.add_argument("--data", required=True, metavar=SOURCE, help="labelled photos")
    evaluate.add_argument("--out", type=Path, metavar="FILE.csv", help="predictions per photo")
    evaluate.add_argument(
        "--unknown",
        action="append",
        metavar=SOURCE,
        help="photos of none of the classes that the weights have not seen: tells how many are "
        "taken for one of the classes; may be given again",
    )
    _switch(evaluate, "--every-photo", "also photos that the weights were trained or tuned on")


def _switch(
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


def _data_and_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        required=True,
        metavar=SOURCE,
        help="a folder of class folders, a zip of one, or a dataset on the Hub with class folders",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")


def _mixed_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mixed-precision",
        action=argparse.BooleanOptionalAction,
        help="train in bfloat16; weights, losses and exports stay float32 (default: on a GPU only)",
    )
