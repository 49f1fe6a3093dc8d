"""No condition: the networks see neither class nor score."""

from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding


class NoEncoding(Encoding):
    """One part, the constant 1.

    Args:
        n_classes, real: not used.
    """

    part_dims = (1,)

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to (float32 [N, 1],)."""
        return (condition.score.new_ones(len(condition.score), 1),)
