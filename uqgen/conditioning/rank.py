"""Class and score apart, the score as its rank among the training images'."""

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class RankEncoding(Encoding):
    """Two parts: one-hot class, and the score's quantile among the training images', which is uniform on them.

    Args:
        n_classes: number of classes K.
        real: class and score of every training image.
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.part_dims = (n_classes, 2)
        self.register_buffer("sorted", real.score.sort().values)
        self.sorted: Tensor

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K], float32 [N, 2] in [0, 1]): the quantile q and 1 - q.

        q is the share of training images below the score, those of the very same score counted half.
        """
        below, up_to = (torch.searchsorted(self.sorted, condition.score, side=side) for side in ("left", "right"))
        quantile = ((below + up_to) / (2 * len(self.sorted))).float()[:, None]
        return F.one_hot(condition.label, self.n_classes).float(), torch.cat([quantile, 1 - quantile], dim=1)
