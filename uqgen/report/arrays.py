"""Arrays that figures draw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.settings import require


def with_ends(estimates: Sequence[Estimate]) -> Array:
    """The values of N estimates, and the low and high ends of their intervals: float64 [3, N]."""
    return np.array([(each.value, each.low, each.high) for each in estimates], float).reshape(-1, 3).T


def shaped(name: str, values: ArrayLike, *shape: int | str) -> Array:
    """The values as an array, once their shape was checked.

    Args:
        name: how the values are called in an error.
        values: array, nested sequence or CPU tensor without gradient.
        shape: what is expected of each axis: a length, or a letter where any length of at least 1 will do.

    Raises:
        SettingError: the shape is another one.
    """
    array = np.asarray(values)
    fits = array.ndim == len(shape) and all(
        found > 0 if isinstance(wanted, str) else found == wanted
        for found, wanted in zip(array.shape, shape, strict=True)
    )
    require(fits, f"{name}.shape", array.shape, f"({', '.join(map(str, shape))})")
    return array
