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
        uses_probabilities: whether the networks are told the classifier's whole softmax vector.
    """

    part_dims: tuple[int, ...]
    uses_probabilities = False

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """Adds what the encoding needs beyond class and score; here nothing.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): decides where several would do.
        """
        return condition

    @abstractmethod
    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to one float32 [N, part_dims[i]] for each part."""
