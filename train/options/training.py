"""The options of the commands that train, and of `export`, which ends a training."""

import argparse
from pathlib import Path

from flowers.backbones import BACKBONES, IMAGE_SIZE, VARIANTS, find_backbone
from train.options.several import (
    SOURCE,
    cluster_option,
    data_and_out,
    mixed_precision,
    sizes_and_seed,
    switch,
)
from train.options.values import (
    device_count,
    positive,
    some_backbones,
    some_variants,
)
from train.recipe import PretrainRecipe, Recipe


def fit_options(fit: argparse.ArgumentParser) -> None:
    """Add the options of `fit`."""
    recipe = Recipe()
    data_and_out(fit)
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
        help="one of them, or both with a comma",
    )
    fit.add_argument("--epochs", type=positive, default=recipe.epochs, help="of each variant")
    sizes_and_seed(fit, recipe, IMAGE_SIZE)
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
    mixed_precision(fit)
    fit.add_argument(
        "--examples", type=positive, metavar="N", help="put N test photos into the folder"
    )
    fit.add_argument(
        "--examples-license", metavar="TEXT", help="their licence and author, needed for --examples"
    )
    switch(
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
    switch(fit, "--private", "with --push: as a private repository")


def pretrain_options(pretrain: argparse.ArgumentParser) -> None:
    """Add the options of `pretrain`."""
    recipe = PretrainRecipe()
    data_and_out(pretrain)
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
    pretrain.add_argument("--epochs", type=positive, default=recipe.epochs, help="over all photos")
    pretrain.add_argument(
        "--learning-rate", type=float, default=recipe.learning_rate, help="the highest"
    )
    sizes_and_seed(pretrain, recipe, recipe.image_size)
    mixed_precision(pretrain)


def starter_options(starter: argparse.ArgumentParser) -> None:
    """Add the options of `starter`."""
    starter.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="class folders to train on"
    )
    starter.add_argument(
        "--unknown",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="photos of none of the classes, loose or by kind; may be given again",
    )
    starter.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the weights folder to write to"
    )
    starter.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/starter"),
        metavar="DIR",
        help="teacher, views and stages; a stopped run goes on from there",
    )
    starter.add_argument(
        "--backbone",
        type=find_backbone,
        default="mobilenetv2",
        metavar="KEY",
        help=f"one of {', '.join(BACKBONES)}",
    )


def audit_options(audit: argparse.ArgumentParser) -> None:
    """Add the options of `audit`."""
    data_and_out(audit)
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


def export_options(export: argparse.ArgumentParser) -> None:
    """Add the options of `export`."""
    export.add_argument(
        "--weights", type=Path, required=True, metavar="DIR", help="the --out of fit"
    )
