"""Class and score apart, the score as its log-odds."""

from torch import Tensor

from uqgen.conditioning.apart import ApartEncoding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds


class LogitEncoding(ApartEncoding):
    """The score's log-odds, between the lowest and the highest score of the training images.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image.

    Examples:
        >>> import torch
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> _, features = LogitEncoding(2, real)(real)  # (z, 1 - |z|), with z the scaled log-odds
        >>> features.round().abs()
        tensor([[1., 0.],
                [1., 0.]])
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes, 2, real)
        self.log_odds = LogOdds(real.scores)

    def features(self, scores: Tensor) -> Tensor:
        """Scores float32 [N, S] to float32 [N, S, 2] in [-1, 1]."""
        return self.log_odds.pair(scores)
