"""The commands: `python -m train fit|evaluate|export|pretrain|starter|audit|predict|push|space`."""

import argparse
import errno
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from flowers.errors import DatasetError, UserError, WeightsError
from flowers.files import check_temporary_folder
from flowers.folders.disk import DiskFile
from flowers.folders.find import Found
from flowers.weights.folder import backbone_folders
from train.options.several import given
from train.options.training import (
    audit_options,
    export_options,
    fit_options,
    pretrain_options,
    starter_options,
)
from train.options.weights import (
    evaluate_options,
    predict_options,
    push_options,
    space_options,
)
from train.quiet import quiet
from train.recipe import PretrainRecipe, Recipe
from train.terminal import show_any_name
from train.work import WORK

GOING_ON = frozenset({"fit", "pretrain", "starter", "predict"})
"""Commands that keep what they did before they were stopped."""
OTHER_BACKENDS = frozenset({"jax", "torch"})
FULL = "The disk is full; free some space and run the same command again."


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    show_any_name()
    options = build_parser().parse_args(arguments)
    try:
        check_temporary_folder("TMPDIR")
        options.run(options)
    except UserError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing in ("", "flowers", "train"):
            raise
        if missing in OTHER_BACKENDS:
            return _fail(
                f"KERAS_BACKEND={missing} needs {missing}, which make train-env does not install; "
                f"add it with pip, or leave KERAS_BACKEND out."
            )
        return _fail(
            f"Training needs more libraries than the app; install them with make train-env and "
            f"use its Python. Received: no module named {missing}"
        )
    except KeyboardInterrupt:
        goes_on = "; the same command goes on from here" if options.command in GOING_ON else ""
        return _fail(f"Stopped{goes_on}.", code=130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _fail(FULL)
        return _fail(f"A file could not be read or written: {error}")
    except Exception as error:
        # TensorFlow and HDF5 have errors of their own for a full disk.
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        return _fail(FULL)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m train", description="Train, measure and publish backbones."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="command")
    for name, add_options, run, text in (
        ("fit", fit_options, _fit, "train backbones on a folder of class folders"),
        (
            "pretrain",
            pretrain_options,
            _pretrain,
            "train every layer of a backbone, where ImageNet weights cannot be had",
        ),
        (
            "starter",
            starter_options,
            _starter,
            "make weights like those of a fresh clone, without ImageNet weights of the backbone",
        ),
        ("audit", audit_options, _audit, "list photos that probably lie in the wrong class folder"),
        ("export", export_options, _export, "write artifacts of what another backend trained"),
        ("predict", predict_options, _predict, "ask every model about every photo of a folder"),
        ("push", push_options, _push, "push a weights folder to the Hugging Face Hub"),
        ("space", space_options, _space, "put the app on the Hub as a Space"),
        ("evaluate", evaluate_options, _evaluate, "measure a weights folder on labelled photos"),
    ):
        command = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            argument_default=argparse.SUPPRESS,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        command.set_defaults(run=run)
        add_options(command)
    return parser


def _bfloat16(options: argparse.Namespace) -> bool:
    from train.network.bfloat16 import has_gpu

    wanted = getattr(options, "mixed_precision", None)
    return has_gpu() if wanted is None else wanted


def _fit(options: argparse.Namespace) -> None:
    if hasattr(options, "cluster"):
        if hasattr(options, "devices"):
            raise UserError("A task on a cluster has one GPU; leave out --devices or --cluster.")
        _check_ray()
    if hasattr(options, "examples") != hasattr(options, "examples_license"):
        raise DatasetError(
            "Say which photos may be shown and whose they are: --examples N and "
            "--examples-license TEXT go together."
        )
    repo, private = getattr(options, "push", None), hasattr(options, "private")
    if private and not repo:
        raise UserError("--private is for a repository; add --push USER/REPO or leave it out.")
    if repo:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        if not getattr(options, "export", True) or backend != "tensorflow":
            raise UserError(
                "What is not exported here cannot be pushed; leave out --push, then export and "
                "push with the commands of these names."
            )
        from train.hub.push import prepare_push

        prepare_push(repo, private)
    with quiet():
        from train.fit import FitJob, fit

        bfloat16 = _bfloat16(options)
    job = given(FitJob, options, recipe=given(Recipe, options, bfloat16=bfloat16))

    train = None
    if hasattr(options, "cluster"):
        with quiet():
            from train.cluster.fit import trainer_on
        train = trainer_on(options.cluster)
    fit(job, train)
    if backbone_folders(options.out):
        print(f"See it: FLOWERS_WEIGHTS={options.out} python app.py")
    if repo:
        from train.hub.push import push

        print(push(options.out, repo, private=private))


def _pretrain(options: argparse.Namespace) -> None:
    with quiet():
        from train.pretrain import run_pretrain

        bfloat16 = _bfloat16(options)
    from train.data.sources import open_source

    path = run_pretrain(
        options.backbone,
        open_source(options.data, options.out / WORK / "data", leave=[options.out]),
        getattr(options, "extra", []),
        options.out,
        given(PretrainRecipe, options, bfloat16=bfloat16),
        options.base,
        getattr(options, "teacher", None),
    )
    print(f"Base weights: {path}; use them with: python -m train fit --base {options.out}")


def _starter(options: argparse.Namespace) -> None:
    with quiet():
        from train.starter import make_starter

    make_starter(options.backbone, options.data, options.unknown, options.out, options.runs)


def _audit(options: argparse.Namespace) -> None:
    with quiet():
        from train.audit import audit

    audit(options.data, options.out, options.base, options.backbone)


def _export(options: argparse.Namespace) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with quiet():
        from train.export import export_folder

    export_folder(options.weights)


def _push(options: argparse.Namespace) -> None:
    from train.hub.push import push

    report = push(
        options.weights,
        options.repo,
        private=hasattr(options, "private"),
        dry_run=hasattr(options, "dry_run"),
        tag=getattr(options, "tag", None),
        license=getattr(options, "license", None),
    )
    print(report)


def _space(options: argparse.Namespace) -> None:
    from train.hub.space import app_on_repository, app_with_folder, deploy, static_page

    repo, revision = getattr(options, "repo", None), getattr(options, "revision", None)
    if revision and not repo:
        raise WeightsError("Say whose revision that is: --revision needs --repo USER/REPO.")
    if hasattr(options, "static"):
        deployment = static_page(options.static)
    elif repo:
        deployment = app_on_repository(repo, revision or "main")
    else:
        deployment = app_with_folder(options.weights)
    private, dry_run = hasattr(options, "private"), hasattr(options, "dry_run")
    print(deploy(options.space, deployment, private=private, dry_run=dry_run))


def _predict(options: argparse.Namespace) -> None:
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError:
        raise UserError(
            "Predictions are written with pyarrow; run `pip install pyarrow`."
        ) from None
    from train.predict.run import PredictJob, run_predict

    ask = None
    if hasattr(options, "cluster"):
        if hasattr(options, "workers"):
            raise UserError("A cluster takes all its cores; leave out --workers or --cluster.")
        _check_ray()
        from train.cluster.predict import asker_on

        ask = asker_on(options.cluster)
    print(run_predict(given(PredictJob, options), ask))


def _check_ray() -> None:
    if find_spec("ray") is None:
        raise UserError(
            "A cluster needs Ray; run `pip install -r requirements-cluster.txt` here and on each "
            "of its machines."
        )


def _evaluate(options: argparse.Namespace) -> None:
    from train.data.sources import find_photos, open_source, source_name

    with quiet():
        from train.evaluate import evaluate_folder

    with tempfile.TemporaryDirectory() as cache:
        leave = [options.weights]
        data = open_source(options.data, Path(cache), leave=leave, use="test")
        unknown: dict[str, Found[DiskFile]] = {}
        for text in getattr(options, "unknown", []):
            name = source_name(text)
            unknown[text if name in unknown else name] = find_photos(text, Path(cache), leave)
        evaluate_folder(
            options.weights,
            data,
            getattr(options, "out", None),
            every_photo=hasattr(options, "every_photo"),
            unknown=unknown,
        )


def _fail(message: str, code: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
