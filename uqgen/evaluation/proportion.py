"""Exact intervals of a share: Clopper and Pearson (1934), "The use of confidence or fiducial limits"."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

TAIL = 0.025  # on either side of an interval of 95 %


def exact_intervals(n: int) -> NDArray[np.float64]:
    """For each number of successes, the 95 % interval of their probability.

    Args:
        n: number of trials, at least 1.

    Returns:
        float64 [n + 1, 2] in [0, 1], the lower and the upper bound; row k is of k successes.
    """
    k = np.arange(n + 1)
    bounds = np.stack([np.zeros(n + 1), np.ones(n + 1)], axis=1)
    bounds[1:, 0] = beta.ppf(TAIL, k[1:], n - k[1:] + 1)
    bounds[:-1, 1] = beta.ppf(1 - TAIL, k[:-1] + 1, n - k[:-1])
    return bounds
