"""The connection to a Ray cluster."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import flowers
import train
from flowers.errors import UserError

RETRIES = 5
"""How often a task is tried again whose process or node has died."""

OVER = (
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.OutOfMemoryError,
    ray.exceptions.ObjectLostError,
    ray.exceptions.ActorDiedError,
)
"""What Ray raises when it has tried often enough."""


@contextmanager
def session(address: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Be part of a cluster inside, with this code and `environment` in all processes of it.

    `address`: HOST:PORT of a cluster to which this machine belongs; or "auto", for the one that it
    belongs to or, without one, for a cluster of this machine alone. Raises `UserError`, and what
    was raised on a node.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Tests and programs may be part of one already.
    joined = ray.is_initialized()
    if not joined:
        _join(address, environment or {})
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        cause: BaseException = error
        while isinstance(cause, ray.exceptions.RayTaskError) and cause.cause is not None:
            cause = cause.cause
        raise cause from None
    except OVER as error:
        raise UserError(
            f"A part of the work died {RETRIES + 1} times, or the memory of the cluster did not "
            f"suffice; the same command goes on from here. Received: {_first_line(error)}"
        ) from error
    finally:
        if not joined:
            ray.shutdown()


def _join(address: str, environment: Mapping[str, str]) -> None:
    if "://" in address:
        raise UserError(
            f"Run this on a machine of the cluster and give --cluster auto or HOST:PORT. "
            f"Received: {address}"
        )
    packages = [str(Path(package.__file__ or "").parent) for package in (flowers, train)]
    try:
        ray.init(
            address=None if address == "auto" else address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={
                "py_modules": packages,
                "excludes": ["__pycache__"],
                "env_vars": {"RAY_USAGE_STATS_ENABLED": "0", **environment},
            },
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise UserError(
            f"There is no Ray cluster of which this machine is a part at {address}; begin one with "
            f"`ray start --head` here, or give --cluster auto. Received: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def here() -> NodeAffinitySchedulingStrategy:
    """Places an actor on this machine."""
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def share_of(tasks: int) -> dict[str, float]:
    """What each of several tasks that begin at once is given: `num_cpus`, and `num_gpus` if any.

    A task with a GPU takes no more cores than there are for each GPU.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = [int(node.get("CPU", 0)) for node in nodes]
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if not sum(cores):
        raise UserError("No machine of the cluster has a core to give; add one to it.")
    cpus = max(1, min(sum(cores) // tasks, max(cores)))
    if gpus:
        return {"num_cpus": max(1, min(cpus, sum(cores) // gpus)), "num_gpus": 1}
    return {"num_cpus": cpus, "num_gpus": 0}
