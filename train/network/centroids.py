"""Where the pooled features of training photos lie: the centroids that `Nearest` keeps."""

import numpy as np

from train.network.layers import CENTROIDS


def find_centroids(pooled: np.ndarray, seed: int, labels: np.ndarray | None = None) -> np.ndarray:
    """`CENTROIDS` of features float32[n, k], all of length 1, by k-means; of fewer photos, those.

    With `labels` int[n] each of them has the same weight, however many photos it has. Spherical
    k-means up to the last step: features are normalized before, centroids after it.
    """
    from sklearn.cluster import MiniBatchKMeans

    points = unit_length(pooled)
    if len(points) <= CENTROIDS:
        return np.resize(points, (CENTROIDS, points.shape[1]))
    weights = None
    if labels is not None:
        _, label, count = np.unique(labels, return_inverse=True, return_counts=True)
        weights = len(points) / len(count) / count[label]
    means = MiniBatchKMeans(CENTROIDS, random_state=seed, n_init=3).fit(
        points, sample_weight=weights
    )
    return unit_length(means.cluster_centers_)


def unit_length(features: np.ndarray) -> np.ndarray:
    """Features float[n, k], each divided by its length."""
    return features / (np.linalg.norm(features, axis=1, keepdims=True) + 1e-12)
