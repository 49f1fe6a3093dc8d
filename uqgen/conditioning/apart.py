"""Class and score apart: each is a part of its own, so that neither drowns the other."""

from abc import abstractmethod

import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class ApartEncoding(Encoding):
    """Two parts: the one-hot class, and features of the score.

    Args:
        n_classes: number of classes K.
        n_features: number F of features of the score.
    """

    def __init__(self, n_classes: int, n_features: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.part_dims = (n_classes, n_features)

    @abstractmethod
    def features(self, score: Tensor) -> Tensor:
        """Scores float32 [N] to float32 [N, F]."""

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K], float32 [N, F])."""
        return F.one_hot(condition.label, self.n_classes).float(), self.features(condition.score)
