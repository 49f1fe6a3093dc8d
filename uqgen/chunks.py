"""Many rows, a few at a time: what is computed of them is held once, and what it is computed from never whole."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor

ELEMENTS = 2**26  # of float32, in 256 MiB


def mapped(rows: Tensor, function: Callable[[Tensor], Tensor], n: int) -> Tensor:
    """Applies a function to n rows at a time.

    Args:
        rows: [N, ...], N at least 1.
        function: rows [n, ...] to as many results [n, ...].
        n: rows at a time.

    Returns:
        [N, ...] on the CPU, as `torch.cat` of the results, without their being there twice.
    """
    found = torch.empty(0)
    for start in range(0, len(rows), n):
        part = function(rows[start : start + n])
        if start == 0:
            found = torch.empty(len(rows), *part.shape[1:], dtype=part.dtype)
        found[start : start + n] = part
    return found


def rows_at_once(rows: Tensor) -> int:
    """So many rows of a tensor [N, ...] that they are 256 MiB in single precision; one at least."""
    return max(1, ELEMENTS // max(1, prod(rows.shape[1:])))
