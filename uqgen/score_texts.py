"""Scores of images as text."""

import math

import numpy as np
from numpy.typing import ArrayLike

_DECIMALS = 3  # of scores that are all the same


def score_texts(scores: ArrayLike, within: ArrayLike | None = None, *, aligned: bool = False) -> list[str]:
    """Scores with as many decimals as the width of their range needs: a fortieth of it changes the text.

    Args:
        scores: float [N], one or more.
        within: float [M], finite, of which the range is taken; None for the scores themselves.
        aligned: whether all keep their trailing zeros, so that they have as many decimals.

    Examples:
        >>> score_texts([0.1, 0.10031, 0.1006])
        ['0.1', '0.10031', '0.1006']
        >>> score_texts([0.3, 1.0], aligned=True)
        ['0.30', '1.00']
    """
    values, ends = np.ravel(scores).tolist(), np.ravel(scores if within is None else within)
    width = float(np.ptp(ends))
    decimals = max(0, math.ceil(math.log10(40 / width))) if width > 0 else _DECIMALS
    texts = [f"{value:z.{decimals}f}" for value in values]
    return texts if aligned or not decimals else [text.rstrip("0").rstrip(".") for text in texts]
