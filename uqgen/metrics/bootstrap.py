"""Percentile bootstrap: Efron and Tibshirani (1993), "An introduction to the bootstrap", section 13.3."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uqgen.settings import require_integer, require_seed

TAILS = (0.025, 0.975)
NORMAL_95 = 1.96  # standard errors to either side, of an interval without resamples
CHUNK = 1 << 15  # drawn positions held at once: the few arrays of a chunk stay in the processor's cache

Array = NDArray[Any]
Floats = NDArray[np.float64]
Statistics = Callable[..., dict[str, Floats]]


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; what makes it says which.

    Attributes:
        value: of the sample itself; NaN where it is not defined.
        low, high: ends of the interval; NaN where there is none.
    """

    value: float
    low: float
    high: float

    @classmethod
    def read(cls, plain: Mapping[str, float | None]) -> "Estimate":
        """What JSON holds of an estimate, back again: what it lacks was NaN."""
        return cls(**{name: np.nan if value is None else value for name, value in plain.items()})


def bootstrap(
    statistics: Statistics, arrays: tuple[Array, ...], n_resamples: int = 1_000, seed: int = 0
) -> dict[str, Estimate]:
    """Estimates several statistics of one sample from the same resamples.

    Args:
        statistics: takes each array as [..., N] and gives each named statistic as float [...].
        arrays: the sample; each [N], element i of every array belonging together. N is at least 1.
        n_resamples: number R of resamples, each N elements drawn with replacement.
        seed: draws the resamples; arrays of equal length get the same ones.

    Returns:
        One `Estimate` a statistic: its ends are the 2.5 % and 97.5 % quantiles over the resamples, NaN where the sample
        has one element. Resamples in which a statistic is not defined (NaN) are left out of its interval.

    Raises:
        ValueError: the arrays are empty or differ in length.
        SettingError: n_resamples or seed is out of range.
    """
    require_integer("n_resamples", n_resamples, 1)
    require_seed("seed", seed)
    n = len(arrays[0])
    if n == 0 or any(len(array) != n for array in arrays):
        raise ValueError(f"a bootstrap needs arrays of one length above 0, not {[len(array) for array in arrays]}")
    values = statistics(*arrays)
    if n == 1:
        return {name: Estimate(float(value), np.nan, np.nan) for name, value in values.items()}
    resampled = _resample(statistics, arrays, n_resamples, np.random.default_rng(seed))
    return {name: Estimate(float(value), *_interval(resampled[name])) for name, value in values.items()}


def bootstrap_mean(values: Array, n_resamples: int = 1_000, seed: int = 0) -> Estimate:
    """The mean of values [N], and its interval; see `bootstrap`."""
    return bootstrap(lambda each: {"mean": each.mean(axis=-1)}, (values,), n_resamples, seed)["mean"]


def _resample(
    statistics: Statistics, arrays: tuple[Array, ...], n_resamples: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """The statistics of the resamples, float [n_resamples] each, in chunks of bounded memory."""
    n = len(arrays[0])
    rows = max(1, CHUNK // n)
    chunks = []
    for start in range(0, n_resamples, rows):
        drawn = rng.integers(n, size=(min(rows, n_resamples - start), n))
        chunks.append(statistics(*(array[drawn] for array in arrays)))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def _interval(resampled: Floats) -> tuple[float, float]:
    defined = resampled[~np.isnan(resampled)]
    if len(defined) == 0:
        return np.nan, np.nan
    low, high = np.quantile(defined, TAILS)
    return float(low), float(high)
