"""What the figures require of the arrays they are given."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uqgen.settings import require

Array = NDArray[Any]


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
