"""Real images of the scores that were requested: what every measure of generated images is compared with."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.chunks import mapped, rows_at_once
from uqgen.conditioning.condition import Condition

N_NEAREST = 5


@dataclass(frozen=True)
class Matched:
    """For each requested score, a real image that has about this score itself.

    Attributes:
        index: int64 [N], its position among the real images; one may serve several times.
        gap: mean of |own - requested| score; large where real images of the scores requested are rare.
    """

    index: Tensor
    gap: float


def match_scores(requested: Tensor, real: Tensor, rng: torch.Generator, n_nearest: int = N_NEAREST) -> Matched:
    """Draws a random one of the real images whose scores are nearest to each requested score, of whatever class.

    Among real images of equal score every one can be drawn: scores of certain images are often the same number.

    Args:
        requested: float32 [N], scores requested.
        real: float32 [M], scores of real images, M at least 1.
        rng: what is drawn follows from it.
        n_nearest: number of nearest images to draw from; all M where there are fewer.
    """
    ordered, order = real.sort()
    n_nearest, width = min(n_nearest, len(real)), min(2 * n_nearest, len(real))
    left, right = (torch.searchsorted(ordered, requested, side=side) for side in ("left", "right"))
    middle = left + (torch.rand(len(requested), generator=rng) * (right - left + 1)).long()
    start = (middle - n_nearest).clamp(0, len(real) - width)
    window = start[:, None] + torch.arange(width)  # holds the nearest ones: half on either side
    nearest = (ordered[window] - requested[:, None]).abs().topk(n_nearest, largest=False).indices
    drawn = nearest.gather(1, torch.randint(n_nearest, (len(requested), 1), generator=rng))
    index = order[window.gather(1, drawn).squeeze(1)]
    return Matched(index, float((real[index] - requested).abs().mean()))


def nearest_of_class(requested: Condition, own: Condition, n: int) -> Tensor:
    """The real images of the class requested whose scores are nearest to the one requested.

    Args:
        requested: C classes and scores.
        own: class and score of every real image.
        n: how many for each; fewer where the rarest class requested has fewer.

    Returns:
        int64 [C, n], positions among the real images.
    """
    n = min(n, int(own.label.bincount(minlength=int(requested.label.max()) + 1)[requested.label].min()))

    def nearest(rows: Tensor) -> Tensor:
        part = requested.select(rows)
        distance = (part.score[:, None] - own.score).abs()
        is_other = part.label[:, None] != own.label
        return distance.masked_fill_(is_other, torch.inf).topk(n, largest=False).indices

    return mapped(torch.arange(len(requested.label)), nearest, rows_at_once(own.score[None]))
