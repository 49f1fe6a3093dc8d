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
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes, 2)
        self.register_buffer("sorted", real.score.sort().values, persistent=False)  # follows from the data
        self.sorted: Tensor

    def features(self, score: Tensor) -> Tensor:
        """Scores float32 [N] to float32 [N, 2] in [0, 1]: the quantile q and 1 - q.

        q is the share of training images below the score, those of the very same score counted half.
        """
        below, up_to = (torch.searchsorted(self.sorted, score, side=side) for side in ("left", "right"))
        quantile = ((below + up_to) / (2 * len(self.sorted))).float()
        return torch.stack([quantile, 1 - quantile], dim=1)
