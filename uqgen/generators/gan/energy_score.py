"""The energy score of generated images: a distance of distributions that one real image of each condition measures.

Gneiting and Raftery (2007), equation 21: E|x - y| - E|y - y'| / 2, with x real and y, y' generated independently under
its condition, is least where generated images are distributed as real ones. As a loss of generators: Shen and
Meinshausen (2024), "Engression". The first term draws images to the data, the second drives those of one condition
apart.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import unfold

from uqgen.data.fine_detail import FineDetail
from uqgen.data.low_pass import LowPass

WINDOWS = (1, 2, 4)  # along a side, in which images are compared: the whole, quarters, sixteenths
OVERSHOOT = 1.2  # of pixels, beyond which they count as this


def energy_score(real: Tensor, generated: Tensor) -> Tensor:
    """Mean energy score of pairs of generated images; of images in low-pass pixels, summed over windows of three sizes.

    Args:
        real: float32 [N, C, H, W] in [-1, 1], or points [N, D].
        generated: float32 [2 N, ...], two after one another under the condition of each real one.

    Returns:
        A scalar.
    """
    if real.dim() == 2:
        return _score(real[..., None], generated[..., None])
    return _score_of_maps(LowPass().maps, real, generated)


def detail_score(real: Tensor, generated: Tensor) -> Tensor:
    """The same of images in how strong their fine detail is, which low-pass pixels do not see; 0 of points."""
    return real.new_zeros(()) if real.dim() == 2 else _score_of_maps(FineDetail().maps, real, generated)


def _score_of_maps(maps_of: Callable[[Tensor], Tensor], real: Tensor, generated: Tensor) -> Tensor:
    maps = [maps_of(x.clamp(-OVERSHOOT, OVERSHOOT)) for x in (real, generated)]
    side = maps[0].shape[-1]
    return torch.stack([_score(*(_windows(x, max(side // n, 1)) for x in maps)) for n in WINDOWS]).sum()


def _windows(maps: Tensor, size: int) -> Tensor:
    """Maps float [N, C, S, S] to their windows of this size, float [N, C size size, windows]."""
    return unfold(maps, size, stride=size)


def _score(real: Tensor, generated: Tensor) -> Tensor:
    first, second = generated[::2], generated[1::2]
    to_real = _distance(real, first) + _distance(real, second)
    return (to_real - _distance(first, second)) / 2


def _distance(x: Tensor, y: Tensor) -> Tensor:
    """Mean Euclidean distance along the second dimension, whose slope is finite at 0."""
    return ((x - y).square().sum(dim=1) + 1e-4).sqrt().mean()
