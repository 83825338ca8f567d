"""How well a score separates photos of the classes from others."""

import numpy as np


def separation(known: np.ndarray, unknown: np.ndarray) -> float:
    """Area under the ROC curve of scores float[n] and float[m].

    It is the chance that a known photo scores higher than an unknown one, ties counted half.
    """
    from sklearn.metrics import roc_auc_score

    labels = np.concatenate([np.ones(len(known)), np.zeros(len(unknown))])
    return float(roc_auc_score(labels, np.concatenate([known, unknown])))
