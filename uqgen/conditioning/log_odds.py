"""Scores as scaled log-odds, which spread out those of a sure classifier."""

import math

import torch
from torch import Tensor, nn

MARGIN = 0.002  # at either end of the range, where log-odds would be infinite


class LogOdds(nn.Module):
    """Log-odds of where a score lies between the lowest and the highest of the real ones, scaled to [-1, 1].

    Args:
        real: float32 [N], the scores of the training images; or [N, S], several scores, each with ends of its own.

    Examples:
        >>> odds = LogOdds(torch.tensor([0.3, 1.0]))
        >>> [round(z, 2) for z in odds(torch.tensor([0.3, 0.9, 1.0])).tolist()]
        [-1.0, 0.29, 1.0]
    """

    def __init__(self, real: Tensor) -> None:
        super().__init__()
        self.register_buffer("low", real.amin(dim=0).squeeze())
        self.register_buffer("high", real.amax(dim=0).squeeze())
        self.low: Tensor
        self.high: Tensor

    def forward(self, score: Tensor) -> Tensor:
        """Scores float32 [N] or [N, S] to as many in [-1, 1]; beyond an end, or within `MARGIN`, they count as it."""
        return torch.logit(self.place(score).clamp(MARGIN, 1 - MARGIN)) / math.log((1 - MARGIN) / MARGIN)

    def extended(self, score: Tensor) -> Tensor:
        """The same, but linear near the ends and beyond: for losses, whose slope must not vanish.

        Args:
            score: float32 [N] or [N, S].
        """
        return extended_logit(self.place(score)) / math.log((1 - MARGIN) / MARGIN)

    def place(self, score: Tensor) -> Tensor:
        """Where scores float32 [N] or [N, S] lie between the lowest and the highest, as many, 0 and 1 at the ends."""
        return (score - self.low) / (self.high - self.low).clamp_min(1e-6)

    def pair(self, score: Tensor) -> Tensor:
        """Scores float32 [N], or [N, S], to (z, 1 - |z|), float32 [N, 2] or [N, S, 2], with z their scaled log-odds.

        A part of a condition is scaled to mean square one once it is embedded, which would leave a lone number nothing
        but its sign.
        """
        odds = self(score)
        return torch.stack([odds, 1 - odds.abs()], dim=-1)


def extended_logit(place: Tensor) -> Tensor:
    """Log-odds of a number in [0, 1], continued beyond the margins by their tangents, so that slopes never vanish.

    Args:
        place: float [N], of any size.

    Returns:
        float [N], finite.
    """
    inside = place.clamp(MARGIN, 1 - MARGIN)
    return torch.logit(inside) + (place - inside) / (MARGIN * (1 - MARGIN))
