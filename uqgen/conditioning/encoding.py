"""What every encoding of a condition has in common."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from uqgen.conditioning.condition import Condition


class Encoding(nn.Module, ABC):
    """Turns a condition into one or several vectors, the *parts*; a network embeds each part on its own.

    An encoding is built from what the real data are: `Encoding(n_classes, real)`, where `real` holds the class and the
    score of every training image.

    Attributes:
        part_dims: width of each part.
    """

    part_dims: tuple[int, ...]

    @abstractmethod
    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to one float32 [N, part_dims[i]] for each part."""
