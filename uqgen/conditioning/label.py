"""The class alone: what the generator does when no score is requested."""

import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class LabelEncoding(Encoding):
    """One part, the one-hot class; the score is left out.

    Args:
        n_classes: number of classes K.
        real: not used.

    Examples:
        >>> import torch
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> LabelEncoding(2, real)(real)
        (tensor([[1., 0.],
                [0., 1.]]),)
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes)
        self.part_dims = (n_classes,)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, K],)."""
        return (F.one_hot(condition.label, self.n_classes).float(),)
