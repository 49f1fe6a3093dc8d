"""Pixels at an end of their range are censored: 0 stands for all that is as dark or darker (Tobin, 1958).

A model that must give exactly the end of the range misses it by a little in most pixels, on either side. So it is
trained on pixels that lie beyond the range by a margin, and what it makes is clipped: within the margin of its error
these pixels are exact.
"""

from torch import Tensor


def beyond_range(x: Tensor, margin: float) -> Tensor:
    """Pixels at an end of the range, a margin beyond it; all others as they are.

    Args:
        x: float32 [N, C, H, W] in [-1, 1]; or points float32 [N, D], which stay as they are.
        margin: in the unit of pixels.

    Returns:
        float32 of the same shape, in [-1 - margin, 1 + margin]; clipped to [-1, 1] it is x.
    """
    if x.dim() == 2 or margin == 0:
        return x
    return x + margin * ((x >= 1).to(x.dtype) - (x <= -1).to(x.dtype))


def within_range(x: Tensor) -> Tensor:
    """Images float [N, C, H, W] clipped to [-1, 1], as classifiers see them; points float [N, D] as they are."""
    return x if x.dim() == 2 else x.clamp(-1, 1)
