"""A Ray cluster of two nodes on this machine, of one core each, in processes of their own."""

import os
from collections.abc import Callable, Iterator

import pytest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
MEMORY = 100_000_000
"""Bytes of each node's object store; Ray takes no less than 75 MB."""


@pytest.fixture(scope="session")
def cluster() -> Iterator:
    """The cluster with its head node alone. This process is part of it while a command runs."""
    pytest.importorskip("ray", reason="Ray is not installed; run make test-cluster")
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "object_store_memory": MEMORY,
            "include_dashboard": False,
        },
    )
    yield cluster
    cluster.shutdown()


@pytest.fixture
def second_node(cluster) -> Iterator[Callable[[], None]]:
    """A second node for a test; calling this kills it, without a word to anyone."""
    node = cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
    gone = []

    def kill() -> None:
        gone.append(node)
        cluster.remove_node(node, allow_graceful=False)

    yield kill
    if not gone:
        cluster.remove_node(node, allow_graceful=True)
