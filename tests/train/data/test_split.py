"""Parts have the study's sizes, and near-duplicates stay together."""

from collections import Counter

import numpy as np
import pytest

from train.data.split import PARTS, near_duplicate_groups, split_groups

STUDY = {"train": 8_069, "validation": 2_306, "test": 1_156}
PHOTOS = sum(STUDY.values())
SEVEN = ["daisy", "dandelion", "lily", "orchid", "rose", "sunflower", "tulip"]


SLOW_SEEDS = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2)]


def class_counts(seed: int) -> list[int]:
    """Seven classes of different sizes, 11,531 photos in all. The study gives only the total."""
    shares = np.random.default_rng(seed).dirichlet(np.full(7, 8.0))
    counts = np.floor(shares * PHOTOS).astype(int)
    counts[-1] += PHOTOS - counts.sum()
    return counts.tolist()


def labels_of(counts: list[int]) -> list[str]:
    return [name for name, count in zip(SEVEN, counts, strict=True) for _ in range(count)]


@pytest.mark.parametrize("seed", [0, *SLOW_SEEDS, 3])
def test_the_studys_photos_give_the_studys_parts(seed):
    counts = [1647, 1648, 1647, 1647, 1648, 1647, 1647] if seed == 0 else class_counts(seed)
    assert sum(counts) == PHOTOS == 11_531
    labels = labels_of(counts)
    hashes = np.random.default_rng(seed).integers(0, 2**64, PHOTOS, dtype=np.uint64)
    parts = split_groups(labels, near_duplicate_groups(hashes), seed)
    found = Counter(parts)
    for part in PARTS:
        assert abs(found[part] - STUDY[part]) <= 0.001 * PHOTOS
    for name, count in zip(SEVEN, counts, strict=True):
        own = Counter(part for part, label in zip(parts, labels, strict=True) if label == name)
        for part, share in zip(PARTS, (0.7, 0.2, 0.1), strict=True):
            assert abs(own[part] - share * count) <= 2


def test_groups_do_not_cost_the_studys_parts():
    rng = np.random.default_rng(3)
    labels = labels_of(class_counts(3))
    groups = np.arange(PHOTOS)
    for start in rng.choice(PHOTOS - 6, 400, replace=False):
        groups[start : start + rng.integers(2, 6)] = groups[start]
    parts = split_groups(labels, groups, 0)
    found = Counter(parts)
    for part in PARTS:
        assert abs(found[part] - STUDY[part]) <= 0.001 * PHOTOS
    together: dict[int, set[str]] = {}
    for group, part in zip(groups.tolist(), parts, strict=True):
        together.setdefault(group, set()).add(part)
    assert max(map(len, together.values())) == 1
    assert {next(iter(p)) for g, p in together.items() if (groups == g).sum() > 1} == set(PARTS)


def test_the_seed_decides():
    labels = labels_of([photos // 10 for photos in class_counts(1)])
    groups = np.arange(len(labels))
    first = split_groups(labels, groups, 1)
    assert split_groups(labels, groups, 1) == first
    other = split_groups(labels, groups, 2)
    assert other != first
    assert Counter(zip(other, labels, strict=True)) == Counter(zip(first, labels, strict=True))


@pytest.mark.parametrize("photos", range(3, 40))
def test_every_part_of_a_small_class_gets_a_photo(photos):
    parts = Counter(split_groups(["rose"] * photos, np.arange(photos), photos))
    assert set(parts) == set(PARTS)
    assert parts["train"] >= max(1, int(0.7 * photos) - 1)


def test_a_group_too_large_for_testing_is_trained_on():
    groups = np.array([0] * 5 + [1, 2])
    parts = split_groups(["rose"] * 7, groups, 0)
    assert parts[:5] == ["train"] * 5
    assert set(parts[5:]) == {"validation", "test"}


def test_near_is_eight_bits_and_chains_join():
    def flipped(value: int, *bits: int) -> int:
        for bit in bits:
            value ^= 1 << bit
        return value

    first = 0x0123456789ABCDEF
    second = flipped(first, *range(8))
    third = flipped(second, *range(20, 28))  # 16 bits from the first, joined by the second.
    alone = flipped(first, *range(40, 49))  # 9 bits.
    far = flipped(first, *range(0, 64, 2))
    hashes = np.array([third, far, first, alone, second], dtype=np.uint64)
    groups = near_duplicate_groups(hashes)
    assert groups[0] == groups[2] == groups[4]
    assert len({groups[0], groups[1], groups[3]}) == 3
    # Numbered by their first photo: splits of running trainings depend on it.
    assert groups.tolist() == [0, 1, 0, 2, 0]


def test_no_photos_have_no_groups():
    assert near_duplicate_groups(np.array([], dtype=np.uint64)).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_three_different_photos_are_enough_whatever_the_groups(seed):
    rng = np.random.default_rng(seed)
    labels, groups = [], []
    for label in SEVEN:
        sizes = [*rng.integers(1, 9, 3), *rng.integers(1, 4, rng.integers(0, 5))]
        for size in sizes:
            labels += [label] * size
            groups += [max(groups, default=-1) + 1] * size
    parts = split_groups(labels, np.array(groups), seed)
    assert set(zip(labels, parts, strict=True)) == {
        (name, part) for name in SEVEN for part in PARTS
    }
    assert len(set(zip(groups, parts, strict=True))) == len(set(groups))
