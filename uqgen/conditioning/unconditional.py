"""No condition: the networks see neither class nor score."""

from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class NoEncoding(Encoding):
    """One part, the constant 1.

    Args:
        n_classes, real: not used.

    Examples:
        >>> import torch
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> NoEncoding(2, real)(real)
        (tensor([[1.],
                [1.]]),)
    """

    part_dims = (1,)

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, 1],)."""
        return (condition.score.new_ones(len(condition.score), 1),)
