"""The options of the commands that take weights: to ask, to measure, to publish."""

import argparse
from pathlib import Path

from train.options.several import SOURCE, cluster_option, switch
from train.options.values import positive, some_backbones, some_variants


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
    switch(evaluate, "--every-photo", "also photos that the weights were trained or tuned on")


def push_options(push: argparse.ArgumentParser) -> None:
    """Add the options of `push`."""
    push.add_argument("--weights", type=Path, required=True, metavar="DIR", help="what to push")
    push.add_argument("--repo", required=True, metavar="USER/REPO", help="where to")
    switch(push, "--private", "create the repository as private")
    switch(push, "--dry-run", "only list what would be sent")
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
    switch(space, "--private", "create the Space as a private one")
    switch(space, "--dry-run", "only list what would be sent")
