"""How two lists of numbers agree, over the last axis: of all resamples of a bootstrap at once."""

import numpy as np
from numpy.typing import NDArray

from uqgen.metrics.bootstrap import Array, Floats

FEWEST_RANKED = 10  # images, of fewer than which a rank correlation is chance


def mean_absolute_error(requested: Array, achieved: Array) -> Floats:
    """Mean of |achieved - requested| over the last axis, float [..., N] to [...]."""
    return np.abs(achieved - requested).mean(axis=-1)


def pearson(a: Array, b: Array) -> Floats:
    """Pearson correlation over the last axis, float [..., N] to [...] in [-1, 1]; NaN where either side is constant."""
    a, b = _centred(a), _centred(b)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is promised
        return np.vecdot(a, b) / np.sqrt(np.vecdot(a, a) * np.vecdot(b, b))


def paired_statistics(
    requested: Floats, achieved: Floats, requested_codes: Array, achieved_codes: Array
) -> dict[str, Floats]:
    """All statistics of `InVsOut` over the last axis.

    Args:
        requested, achieved: [..., N].
        requested_codes, achieved_codes: int [..., N], `tie_codes` of the same scores.

    Returns:
        Float [...] each; the rank correlation is NaN of fewer than `FEWEST_RANKED`.
    """
    difference = achieved - requested
    distance, centred = np.abs(difference), _centred(requested)
    squared_error, squared_spread = np.vecdot(difference, difference), np.vecdot(centred, centred)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(squared_spread > 0, 1 - squared_error / squared_spread, np.nan)
    is_ranked = requested.shape[-1] >= FEWEST_RANKED
    return {
        "mae": mean_absolute_error(requested, achieved),
        "rmse": np.sqrt(squared_error / requested.shape[-1]),
        "bias": difference.mean(axis=-1),
        "pearson": pearson(requested, achieved),
        "spearman": pearson(ranks(requested_codes), ranks(achieved_codes)) if is_ranked else np.full_like(r2, np.nan),
        "r2": r2,
        "within_005": (distance <= 0.05).mean(axis=-1),
        "within_01": (distance <= 0.1).mean(axis=-1),
    }


def tie_codes(values: Array) -> NDArray[np.intp]:
    """Position of each value among the sorted distinct values; [N] to [N]."""
    return np.unique(values, return_inverse=True)[1]


def ranks(codes: NDArray[np.intp]) -> Floats:
    """Ranks over the last axis from 1, ties sharing their mean rank, as `scipy.stats.rankdata` but without a sort.

    Args:
        codes: [..., N], non-negative integers not much above N, in the order of what is ranked.
    """
    rows = codes.reshape(-1, codes.shape[-1])
    n_codes = int(rows.max()) + 1
    offsets = n_codes * np.arange(len(rows))[:, None]
    counts = np.bincount((rows + offsets).ravel(), minlength=n_codes * len(rows)).reshape(-1, n_codes)
    mean_ranks = counts.cumsum(axis=1) - (counts - 1) / 2
    return np.take_along_axis(mean_ranks, rows, axis=1).reshape(codes.shape)


def _centred(values: Array) -> Floats:
    # Less the first value, a constant is exactly 0 and stays so; less its rounded mean alone it might not be.
    shifted = values - values[..., :1]
    return shifted - shifted.mean(axis=-1, keepdims=True)
