"""Class and score apart, the score as Fourier features of its log-odds: Tancik et al. (2020), equation 3."""

import math

import torch
from torch import Tensor

from uqgen.conditioning.apart import ApartEncoding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.settings import require_integer


class FourierEncoding(ApartEncoding):
    """One-hot class, and features of each score, in parts that are embedded apart so that none dominates another.

    A sure classifier's scores lie close together at one end of their range. Their log-odds spread them out, and sines
    and cosines of several frequencies distinguish near ones.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image; the lowest and the highest score are the ends of the range.
        n_frequencies: number M of frequencies, each twice the one before.

    Raises:
        SettingError: there is no frequency.

    Examples:
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> one_hot, features = FourierEncoding(2, real, n_frequencies=3)(real)
        >>> one_hot.shape, features.shape
        (torch.Size([2, 2]), torch.Size([2, 7]))
    """

    def __init__(self, n_classes: int, real: Condition, n_frequencies: int = 4) -> None:
        require_integer("n_frequencies", n_frequencies, 1)
        super().__init__(n_classes, 1 + 2 * n_frequencies, real)
        self.log_odds = LogOdds(real.scores)
        self.n_frequencies = n_frequencies

    def features(self, scores: Tensor) -> Tensor:
        """Scores float32 [N, S] to float32 [N, S, 1 + 2 M] in [-1, 1]."""
        odds = self.log_odds(scores)
        return torch.cat([odds[..., None], fourier_features(odds, self.n_frequencies)], dim=-1)


def fourier_features(x: Tensor, n_frequencies: int) -> Tensor:
    """Sines and cosines of M frequencies, each twice the one before: Tancik et al. (2020), section 6.

    Args:
        x: float32 [...] in [-1, 1], a quarter of the longest wave on either side of 0.
        n_frequencies: M.

    Returns:
        float32 [..., 2 M].
    """
    angles = x[..., None] * (math.pi / 2 * 2.0 ** torch.arange(n_frequencies, device=x.device))
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
