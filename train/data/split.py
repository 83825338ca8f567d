"""Groups of near-duplicates, and parts to train, validate and test that no group straddles.

Otherwise a model would be tested on photos that it has all but seen.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
SHARES: dict[Part, float] = {"train": 0.7, "validation": 0.2, "test": 0.1}

NEAR_DUPLICATE_BITS = 8
"""Photos whose 64-bit perceptual hashes differ in at most this many bits count as near-duplicates.
Looked at on 4,301 web photos: up to 8 nearly all pairs show the same shot, from 10 on none did."""


def near_duplicate_groups(hashes: np.ndarray, bits: int = NEAR_DUPLICATE_BITS) -> np.ndarray:
    """Group index of every hash, int64[n]: connected components of pairs within `bits`.

    `hashes` is uint64[n]. Groups are numbered by their first photo, so that the same photos give
    the same split.
    """
    n = len(hashes)
    near = [
        np.flatnonzero(np.bitwise_count(hashes[i + 1 :] ^ hashes[i]) <= bits) + i + 1
        for i in range(n)
    ]
    ends = np.concatenate(near) if n else np.empty(0, dtype=np.int64)
    starts = np.repeat(np.arange(n), [len(others) for others in near])
    pairs = coo_array((np.ones(len(ends), dtype=bool), (starts, ends)), shape=(n, n))
    return connected_components(pairs, directed=False)[1].astype(np.int64)


def split_groups(labels: Sequence[str], groups: np.ndarray, seed: int) -> list[Part]:
    """Assign every photo a part: stratified by class, whole groups, the same for the same seed.

    `groups` is int64[photos]: the group of each.

    Of n photos of a class, training gets floor(0.7 n), validation round(0.2 n), testing the rest,
    each at least one photo. Groups larger than one photo are placed first, where most is missing
    of those parts that they fit into.
    """
    room: dict[str, dict[Part, int]] = {}
    for label, n in Counter(labels).items():
        validation = max(1, round(SHARES["validation"] * n))
        train = max(1, min(int(SHARES["train"] * n + 1e-9), n - validation - 1))
        room[label] = {"train": train, "validation": validation, "test": n - train - validation}

    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(i)
    order = np.random.default_rng(seed).permutation(len(members))
    shuffled = [list(members.values())[i] for i in order]
    parts: list[Part] = ["train"] * len(labels)
    for group_members in sorted(shuffled, key=len, reverse=True):
        label = labels[group_members[0]]
        if len(group_members) > 1:
            label = Counter(labels[i] for i in group_members).most_common(1)[0][0]
        free = room[label]
        part = _place(len(group_members), free)
        for member in group_members:
            parts[member] = part
            room[labels[member]][part] -= 1
    _fill_empty_parts(parts, labels, shuffled)
    return parts


def _place(photos: int, free: dict[Part, int]) -> Part:
    """The part for a group of `photos`, from what each part still lacks of its class."""
    fitting = [part for part in PARTS if free[part] >= photos]
    if not fitting:
        return max(PARTS, key=free.__getitem__)
    if photos == 1:
        return fitting[-1]
    return max(fitting, key=lambda part: free[part] / SHARES[part])


def _fill_empty_parts(parts: list[Part], labels: Sequence[str], groups: list[list[int]]) -> None:
    """Where large groups left a part without photos of a class, move the smallest group there."""
    filled = set(zip(labels, parts, strict=True))
    for label in dict.fromkeys(labels):
        for empty in [part for part in PARTS if (label, part) not in filled]:
            own = [g for g in groups if all(labels[i] == label for i in g)]
            taken = Counter(parts[group[0]] for group in own)
            spare = [group for group in own if taken[parts[group[0]]] > 1]
            for member in min(spare, key=len, default=[]):
                parts[member] = empty
