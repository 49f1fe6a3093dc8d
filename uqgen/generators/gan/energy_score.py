"""The energy score of generated images: a distance of distributions that one real image of each condition measures.

Gneiting and Raftery (2007), equation 21: E|x - y| - E|y - y'| / 2, with x real and y, y' generated independently under
its condition, is least where generated images are distributed as real ones. As a loss of generators: Shen and
Meinshausen (2024), "Engression". The first term draws images to the data, the second drives those of one condition
apart.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from uqgen.data.fine_detail import FineDetail
from uqgen.data.low_pass import LowPass

WINDOWS = (1, 2, 4)  # along a side, in which images are compared: the whole, quarters, sixteenths
OVERSHOOT = 1.2  # of pixels, beyond which they count as this
SMALLEST = 1e-4  # added to squared distances, whose root has a finite slope at 0 then


def energy_score(real: Tensor, generated: Tensor) -> Tensor:
    """Mean energy score of pairs of generated images; of images in low-pass pixels, summed over windows of three sizes.

    Args:
        real: float32 [N, C, H, W], of which pixels beyond `OVERSHOOT` count as this; or points [N, D].
        generated: float32 [2 N, ...], two after one another under the condition of each real one.

    Returns:
        A scalar.
    """
    if real.dim() == 2:
        return _score((_differences(real, generated).square().sum(dim=1) + SMALLEST).sqrt())
    return _score_of_maps(LowPass().maps, real, generated)


def detail_score(real: Tensor, generated: Tensor) -> Tensor:
    """The same of images in how strong their fine detail is, which low-pass pixels do not see; points have none."""
    return _score_of_maps(FineDetail().maps, real, generated)


def _score_of_maps(maps_of: Callable[[Tensor], Tensor], real: Tensor, generated: Tensor) -> Tensor:
    maps = (maps_of(x.clamp(-OVERSHOOT, OVERSHOOT)) for x in (real, generated))
    squares = _differences(*maps).square().sum(dim=1, keepdim=True)
    sizes = (max(squares.shape[-1] // n, 1) for n in WINDOWS)
    in_windows = (avg_pool2d(squares, size, divisor_override=1) for size in sizes)
    return torch.stack([_score((each + SMALLEST).sqrt()) for each in in_windows]).sum()


def _differences(real: Tensor, generated: Tensor) -> Tensor:
    """Real images less the first and the second of each pair, and the first less the second: [3 N, ...]."""
    first, second = generated[::2], generated[1::2]
    return torch.cat([real - first, real - second, first - second])


def _score(distances: Tensor) -> Tensor:
    """The score from the distances of what `_differences` returns, float32 [3 N, ...]."""
    to_first, to_second, between = distances.unflatten(0, (3, -1)).flatten(1).mean(dim=1)
    return (to_first + to_second - between) / 2


# By the setting that is the length of its gradient.
ENERGY_SCORES = {"energy": energy_score, "detail_energy": detail_score}
