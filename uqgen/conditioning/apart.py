"""Class and score apart: each is a part of its own, so that neither dominates the other."""

from abc import abstractmethod

import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class ApartEncoding(Encoding):
    """Two parts: the one-hot class, and features of the score; with a second score a third, the same features of it.

    Args:
        n_classes: number of classes K.
        n_features: number F of features of a score.
        real: class and score of every training image.
    """

    def __init__(self, n_classes: int, n_features: int, real: Condition) -> None:
        super().__init__(n_classes, real)
        self.part_dims = (n_classes, *[n_features] * real.scores.shape[1])

    @abstractmethod
    def features(self, scores: Tensor) -> Tensor:
        """Scores float32 [N, S] to float32 [N, S, F]."""

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K], float32 [N, F]), with a second score another float32 [N, F]."""
        one_hot = F.one_hot(condition.label, self.n_classes).float()
        return one_hot, *self.features(condition.scores).unbind(dim=1)
