"""The commands: `python -m train fit|evaluate|export|pretrain|push|space`."""

import argparse
import errno
import os
import sys
import tempfile
from pathlib import Path

from flowers.backbones import BACKBONES, VARIANTS, find_backbone
from flowers.errors import DatasetError, UserError, WeightsError
from flowers.weights.folder import backbone_folders
from train.quiet import quiet
from train.recipe import Recipe

# Before TensorFlow is imported: its start-up notices would bury the progress bar.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SOURCE = "DIR|ZIP|hf://datasets/USER/NAME"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("Stopped; the same command goes on from here.", code=130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _fail("The disk is full; free some space and run the same command again.")
        return _fail(f"A file could not be read or written: {error}")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m train", description="Train, measure and publish backbones."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    fit = commands.add_parser("fit", help="train backbones on a folder of class folders")
    fit.set_defaults(run=_fit)
    _data_and_out(fit)
    fit.add_argument(
        "--backbones",
        type=_backbones,
        default="mobilenetv2",
        metavar="KEYS",
        help=f"comma-separated among {', '.join(BACKBONES)}, or all (default: mobilenetv2)",
    )
    fit.add_argument(
        "--variants",
        type=_variants,
        default=",".join(VARIANTS),
        metavar="KEYS",
        help="transfer, finetuned or both (default)",
    )
    recipe = Recipe()
    fit.add_argument("--epochs", type=_positive, default=recipe.epochs)
    fit.add_argument("--batch-size", type=_positive, default=recipe.batch_size)
    fit.add_argument("--seed", type=_natural, default=recipe.seed)
    fit.add_argument(
        "--views",
        type=_positive,
        default=recipe.views,
        help=f"augmented versions of each photo in the cache (default: {recipe.views})",
    )
    fit.add_argument(
        "--base",
        default="imagenet",
        metavar="imagenet|none|PATH",
        help="where the base starts: ImageNet weights (default), random ones, a weights file, or "
        "a folder written by pretrain",
    )
    fit.add_argument(
        "--unknown",
        type=Path,
        metavar="DIR",
        help="photos of none of the classes, to learn refusal",
    )
    fit.add_argument(
        "--precision",
        choices=["auto", "int8", "float16", "float32"],
        default="auto",
        help="of the serving artifact; auto: int8 where it costs at most 0.5 points",
    )
    fit.add_argument("--notice", metavar="TEXT", help="one sentence shown wherever weights are")
    fit.add_argument("--image-size", type=_image_size, default=224, help="pixels (default: 224)")
    _mixed_precision(fit)
    fit.add_argument(
        "--examples", type=_positive, metavar="N", help="put N test photos into the folder"
    )
    fit.add_argument(
        "--examples-license", metavar="TEXT", help="their licence and author, needed for --examples"
    )
    fit.add_argument(
        "--no-export", action="store_true", help="leave serving artifacts to the export command"
    )
    fit.add_argument("--push", metavar="USER/REPO", help="push the finished folder to the Hub")
    fit.add_argument("--private", action="store_true", help="with --push: as a private repository")

    pretrain = commands.add_parser(
        "pretrain", help="train every layer of a backbone, where ImageNet weights cannot be had"
    )
    pretrain.set_defaults(run=_pretrain)
    _data_and_out(pretrain)
    pretrain.add_argument("--backbone", type=find_backbone, required=True, metavar="KEY")
    pretrain.add_argument(
        "--extra",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="more class folders to learn from, of any classes; may be given again",
    )
    pretrain.add_argument("--base", default="none", metavar="none|imagenet|PATH")
    pretrain.add_argument(
        "--teacher", type=Path, metavar="DIR", help="a trained backbone's folder to learn from"
    )
    pretrain.add_argument("--image-size", type=_image_size, default=160)
    pretrain.add_argument("--epochs", type=_positive, default=30)
    pretrain.add_argument("--batch-size", type=_positive, default=64)
    pretrain.add_argument("--learning-rate", type=float, default=1e-3)
    pretrain.add_argument("--seed", type=_natural, default=0)
    _mixed_precision(pretrain)

    export = commands.add_parser("export", help="write artifacts of what another backend trained")
    export.set_defaults(run=_export)
    export.add_argument("--weights", type=Path, required=True, metavar="DIR")

    push = commands.add_parser("push", help="push a weights folder to the Hugging Face Hub")
    push.set_defaults(run=_push)
    push.add_argument("--weights", type=Path, required=True, metavar="DIR")
    push.add_argument("--repo", required=True, metavar="USER/REPO")
    push.add_argument("--private", action="store_true", help="create the repository as private")
    push.add_argument("--dry-run", action="store_true", help="only list what would be sent")
    push.add_argument("--tag", help="name of the tag (default: the next of v1, v2, …)")
    push.add_argument("--license", metavar="ID", help="licence of the weights, as the Hub names it")

    space = commands.add_parser("space", help="put the app on the Hub as a Space")
    space.set_defaults(run=_space)
    space.add_argument("space", metavar="USER/SPACE")
    weights = space.add_mutually_exclusive_group()
    weights.add_argument(
        "--weights",
        type=Path,
        default=Path("weights"),
        metavar="DIR",
        help="the weights that go along (default: weights/)",
    )
    weights.add_argument("--repo", metavar="USER/REPO", help="where the app pulls its weights from")
    weights.add_argument(
        "--static", type=Path, metavar="DIR", help="deploy the page that `make static` built"
    )
    space.add_argument("--revision", help="with --repo: tag, branch or hash to pin to")
    space.add_argument("--private", action="store_true", help="create the Space as a private one")
    space.add_argument("--dry-run", action="store_true", help="only list what would be sent")

    evaluate = commands.add_parser("evaluate", help="measure a weights folder on labelled photos")
    evaluate.set_defaults(run=_evaluate)
    evaluate.add_argument("--weights", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--data", required=True, metavar=SOURCE)
    evaluate.add_argument("--out", type=Path, metavar="FILE.csv", help="predictions a photo")
    evaluate.add_argument(
        "--every-photo",
        action="store_true",
        help="also photos that the weights were trained or tuned on",
    )
    return parser


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


def _bfloat16(options: argparse.Namespace) -> bool:
    from train.network.bfloat16 import has_gpu

    return has_gpu() if options.mixed_precision is None else options.mixed_precision


def _fit(options: argparse.Namespace) -> None:
    if options.push:
        from train.hub.push import prepare_push

        prepare_push(options.push, options.private)
    with quiet():
        from train.fit import Job, fit

        bfloat16 = _bfloat16(options)

    if options.examples and not options.examples_license:
        raise DatasetError("Say whose photos they are: --examples needs --examples-license TEXT.")
    fit(
        Job(
            data=options.data,
            out=options.out,
            backbones=options.backbones,
            variants=options.variants,
            recipe=Recipe(
                epochs=options.epochs,
                batch_size=options.batch_size,
                seed=options.seed,
                views=options.views,
                bfloat16=bfloat16,
            ),
            base=options.base,
            unknown=options.unknown,
            precision=options.precision,
            notice=options.notice,
            image_size=options.image_size,
            examples=options.examples or 0,
            examples_license=options.examples_license or "",
            export=not options.no_export,
        )
    )

    if backbone_folders(options.out):
        print(f"See it: FLOWERS_WEIGHTS={options.out} python app.py")
    if options.push:
        from train.hub.push import push

        print(push(options.out, options.push, private=options.private))


def _pretrain(options: argparse.Namespace) -> None:
    with quiet():
        from train.pretrain import PretrainRecipe, run_pretrain

        bfloat16 = _bfloat16(options)
    from train.data.sources import open_source
    from train.trained import WORK

    recipe = PretrainRecipe(
        image_size=options.image_size,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        bfloat16=bfloat16,
        seed=options.seed,
    )
    path = run_pretrain(
        options.backbone,
        open_source(options.data, options.out / WORK / "data"),
        options.extra,
        options.out,
        recipe,
        options.base,
        options.teacher,
    )
    print(f"Base weights: {path}; use them with: python -m train fit --base {options.out}")


def _export(options: argparse.Namespace) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with quiet():
        from train.artifact.finish import export_folder

    export_folder(options.weights)


def _push(options: argparse.Namespace) -> None:
    from train.hub.push import push

    report = push(
        options.weights,
        options.repo,
        private=options.private,
        dry_run=options.dry_run,
        tag=options.tag,
        license=options.license,
    )
    print(report)


def _space(options: argparse.Namespace) -> None:
    from train.hub.space import app_on_repository, app_with_folder, deploy, static_page

    if options.revision and not options.repo:
        raise WeightsError("Say whose revision that is: --revision needs --repo USER/REPO.")
    if options.static:
        deployment = static_page(options.static)
    elif options.repo:
        deployment = app_on_repository(options.repo, options.revision or "main")
    else:
        deployment = app_with_folder(options.weights)
    print(deploy(options.space, deployment, private=options.private, dry_run=options.dry_run))


def _evaluate(options: argparse.Namespace) -> None:
    from train.data.sources import open_source
    from train.evaluate import evaluate_folder

    with tempfile.TemporaryDirectory() as cache:
        data = open_source(options.data, Path(cache))
        evaluate_folder(options.weights, data, options.out, options.every_photo)


def _backbones(text: str):
    if text == "all":
        return tuple(BACKBONES.values())
    try:
        return tuple(find_backbone(key.strip()) for key in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _variants(text: str):
    chosen = {key.strip() for key in text.split(",")}
    if not chosen <= set(VARIANTS):
        raise argparse.ArgumentTypeError(
            f"use {', '.join(VARIANTS)} or both with a comma. Received: {text!r}"
        )
    return tuple(variant for variant in VARIANTS if variant in chosen)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"use a whole number from 1. Received: {text!r}")
    return int(text)


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"use a whole number from 0. Received: {text!r}")
    return int(text)


def _image_size(text: str) -> int:
    if not text.isdecimal() or not 75 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"use pixels from 75 to 1024. Received: {text!r}")
    return int(text)


def _fail(message: str, code: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
