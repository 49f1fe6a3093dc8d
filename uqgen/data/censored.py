"""Pixels at an end of their range are censored: 0 stands for all that is as dark or darker (Tobin, 1958).

A model that must give exactly the end of the range misses it by a little in most pixels, on either side. So it is
trained on pixels that lie beyond the range by a margin, and what it makes is clipped: within the margin of its error
these pixels are exact.
"""

from torch import Tensor
from torch.nn.functional import max_pool2d


def beyond_range(x: Tensor, margin: float, reach: int = 1, end: float = 1.0) -> Tensor:
    """Pixels at an end of the range, the farther beyond it the farther they are from others; all others as they are.

    Args:
        x: float32 [N, C, H, W] in [-1, 1]; or points float32 [N, D], which stay as they are.
        margin: for each pixel of distance (the larger of rows and columns) from the nearest one not at this end.
        reach: distance from which on it grows no more, in pixels.
        end: magnitude from which on a pixel counts as one at an end.

    Returns:
        float32 of the same shape, in [-1 - margin reach, 1 + margin reach]; clipped to [-1, 1] it is x, but for pixels
        between `end` and 1.
    """
    if x.dim() == 2 or margin == 0:
        return x
    white, black = (_distance(side.to(x.dtype), reach) for side in (x >= end, x <= -end))
    return x + margin * (white - black)


def _distance(mask: Tensor, reach: int) -> Tensor:
    """Distance of each pixel of a mask from the nearest one outside it, at most `reach`."""
    distance = mask
    for _ in range(reach - 1):
        mask = -max_pool2d(-mask, 3, stride=1, padding=1)
        distance = distance + mask
    return distance


def within_range(x: Tensor) -> Tensor:
    """Images float [N, C, H, W] clipped to [-1, 1], as classifiers see them; points float [N, D] as they are."""
    return x if x.dim() == 2 else x.clamp(-1, 1)
