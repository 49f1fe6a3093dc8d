"""Class and score apart, the score as its rank among the training images'."""

import torch
from torch import Tensor

from uqgen.conditioning.apart import ApartEncoding
from uqgen.conditioning.condition import Condition


class RankEncoding(ApartEncoding):
    """The score's quantile among the training images', which is uniform on them.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image.

    Examples:
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> _, features = RankEncoding(2, real)(real)  # the quantile q, and 1 - q
        >>> features
        tensor([[0.2500, 0.7500],
                [0.7500, 0.2500]])
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes, 2, real)
        by_score = real.scores.T.contiguous().sort(dim=1).values
        self.register_buffer("sorted", by_score, persistent=False)  # follows from the data
        self.sorted: Tensor

    def features(self, scores: Tensor) -> Tensor:
        """Scores float32 [N, S] to float32 [N, S, 2] in [0, 1]: the quantile q and 1 - q.

        q is the share of training images below the score, those of the very same score counted half.
        """
        by_score = scores.T.contiguous()
        below, up_to = (torch.searchsorted(self.sorted, by_score, side=side) for side in ("left", "right"))
        quantile = ((below + up_to) / (2 * self.sorted.shape[1])).float().T
        return torch.stack([quantile, 1 - quantile], dim=-1)
