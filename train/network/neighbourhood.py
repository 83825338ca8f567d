"""The neighbourhood of pooled features: what `AgainstBackground` keeps, and whether it helps."""

import warnings
from collections.abc import Callable

import numpy as np

from train.network.centroids import find_centroids, unit_length
from train.network.layers import CENTROIDS
from train.network.separation import separation

SHARPNESS = 8.0
"""Steepness of the kernels, in widths: how far, as 1 - cosine, a held-out photo of the classes is
from its nearest centroid."""
FLOOR = 0.05
"""Share of held-out photos of the classes around which fewer background photos lie than the floor.

Both were chosen on held-out kinds: MobileNetV2, ImageNet features, 42 kinds in four folds. AUROC
was 0.939 against species and 0.983 against things, of the head alone 0.919 and 0.977. Twice as many
centroids gave 0.943 and 0.982. A lower floor gives to species what it takes from things.
"""
COLLECTION = 3
"""A background class of more than this many times the median number of photos shows many kinds."""
TRIED_PHOTOS = 2000
"""Training photos of a trial at most, so that it takes seconds (3 to 5 s on one core)."""


def find_neighbourhoods(
    pooled: np.ndarray, labels: np.ndarray, classes: int, held_out: np.ndarray, seed: int
) -> list[np.ndarray]:
    """The weights of `AgainstBackground`: its kernel and its bias.

    `pooled` float32[n, k] are features of training photos, those with `labels` int[n] of `classes`
    on are of the background; `held_out` float32[m, k] are features of other photos of the classes.
    """
    own = labels < classes
    known = find_centroids(pooled[own], seed, labels[own])
    others = find_centroids(pooled[~own], seed, labels[~own])
    photos = unit_length(held_out)
    width = float((1 - (photos @ known.T).max(axis=1)).mean())
    sharpness = SHARPNESS / max(width, 1e-3)
    density = np.logaddexp.reduce(sharpness * photos @ others.T, axis=1)
    kernel = sharpness * np.concatenate([known, others, np.zeros_like(known[:1])]).T
    bias = np.append(np.zeros(2 * CENTROIDS), np.quantile(density, FLOOR))
    return [kernel.astype(np.float32), bias.astype(np.float32)]


def neighbourhood_helps(
    pooled: np.ndarray, labels: np.ndarray, classes: int, held_out: np.ndarray, seed: int
) -> bool:
    """Whether the neighbourhood tells what nothing was trained on better than the head alone.

    The arguments are those of `find_neighbourhoods`. It is tried twice, each time without half of
    the background classes and half of the photos of collections, and with a linear head in place
    of the head; the mean gain of AUROC decides. It does harm where a base knows little but the
    classes, since other things lie among them. With nothing to leave out it is taken to help.
    """
    others = np.flatnonzero(labels >= classes)
    collected, fold = _folds(labels[others] - classes, seed)
    gains = []
    for left_out in (0, 1):
        if (fold == left_out).all():
            continue
        kept = np.append(np.flatnonzero(labels < classes), others[fold != left_out])
        seen = np.random.default_rng(seed).permutation(kept)[:TRIED_PHOTOS]
        log_odds = _log_odds(pooled[seen], labels[seen], classes, held_out, seed)
        known = log_odds(held_out)
        for group in (collected, ~collected):
            unknown = others[group & (fold == left_out)]
            if len(unknown):
                alone, beside = map(separation, known, log_odds(pooled[unknown]))
                gains.append(beside - alone)
    return not gains or float(np.mean(gains)) > 0


def _folds(kinds: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of photos of `kinds` int[n]: whether each is of a collection, bool[n], and its fold, 0 or 1.

    Collections are halved by photos, other kinds are in one fold each.
    """
    photos = np.bincount(kinds)
    collection = photos > COLLECTION * np.median(photos) if len(photos) > 1 else photos > 0
    rng = np.random.default_rng(seed)
    by_kind, by_photo = rng.permutation(len(photos)) % 2, rng.permutation(len(kinds)) % 2
    collected = collection[kinds]
    return collected, np.where(collected, by_photo, by_kind[kinds])


def _log_odds(
    pooled: np.ndarray, labels: np.ndarray, classes: int, held_out: np.ndarray, seed: int
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """What gives photos float[n, k] their log odds of the classes, of a head alone and of both."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=30))
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        head.fit(pooled, labels)
    kernel, bias = find_neighbourhoods(pooled, labels, classes, held_out, seed)

    def log_odds(photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        alone = _of_first(head.decision_function(photos), int((head.classes_ < classes).sum()))
        return alone, alone + _of_first(unit_length(photos) @ kernel + bias, CENTROIDS)

    return log_odds


def _of_first(logits: np.ndarray, first: int) -> np.ndarray:
    """Log odds of the `first` columns of float[n, columns] against the others, float[n]."""
    sides = np.split(logits, [first], axis=1)
    return np.logaddexp.reduce(sides[0], axis=1) - np.logaddexp.reduce(sides[1], axis=1)
