"""Rare scores seen as often as common ones."""

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.settings import require_integer, require_number


class BalancedConditions(DataConditions):
    """A share of the images is drawn so that every bin of scores comes up as often; the rest are drawn as they are.

    Balanced alone, the common scores would be starved: most of what makes a good picture is learned from them. The real
    images and the conditions requested are drawn alike.

    Args:
        real: class and score of the N real images.
        share: of the images that are drawn balanced.
        n_bins: bins of equal width between the lowest and the highest score.
        most: an image is drawn at most so many times as often as it occurs, so that lone ones are not learned by heart.
        group: see `DataConditions`.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> score = torch.cat([torch.full((990,), 1.0), torch.full((10,), 0.5)])
        >>> sampler = BalancedConditions(Condition(torch.zeros(1000, dtype=torch.int64), score), share=1.0, most=1000)
        >>> drawn = sampler.draw(10_000, torch.Generator().manual_seed(0))
        >>> round((drawn.score == 0.5).double().mean().item(), 1)
        0.5
    """

    def __init__(
        self, real: Condition, share: float = 0.5, n_bins: int = 20, most: float = 20.0, group: int = 1
    ) -> None:
        super().__init__(real, group)
        require_number("share", share, 0, 1)
        require_integer("n_bins", n_bins, 1)
        require_number("most", most, 1)
        self.cumulative = frequencies(real.score, share, n_bins, most).cumsum(0)

    def order(self, rng: torch.Generator) -> Tensor:
        """See `DataConditions`; with replacement."""
        return self._grouped(len(self.real.score), rng)

    def _positions(self, n: int, rng: torch.Generator) -> Tensor:
        drawn = torch.rand(n, generator=rng, dtype=torch.float64) * self.cumulative[-1]
        return torch.searchsorted(self.cumulative, drawn, right=True).clamp_max(len(self.cumulative) - 1)


def frequencies(score: Tensor, share: float, n_bins: int, most: float) -> Tensor:
    """How often each image is drawn, relative to once each: float64 [N], of mean about 1.

    Args:
        score: float32 [N].
        share, n_bins, most: see `BalancedConditions`.
    """
    low, high = score.min(), score.max()
    bins = ((score - low) / (high - low).clamp_min(1e-12) * n_bins).long().clamp_max(n_bins - 1)
    counts = bins.bincount(minlength=n_bins)
    balanced = len(score) / (counts > 0).sum() / counts[bins].double()
    return (share * balanced + 1 - share).clamp_max(most)
