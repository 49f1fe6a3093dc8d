"""The paper's encoding: Le Coz et al. (2023), section 3."""

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class PaperEncoding(Encoding):
    """One-hot class and raw score, concatenated into one part of K + 1 numbers.

    Args:
        n_classes: number of classes K.
        real: not needed by this encoding.
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.part_dims = (n_classes + 1,)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K + 1],)."""
        one_hot = F.one_hot(condition.label, self.n_classes).float()
        return (torch.cat([one_hot, condition.score[:, None]], dim=1),)
