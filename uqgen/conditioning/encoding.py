"""What every encoding of a condition has in common."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.second_score import SecondScores
from uqgen.described import DescribedModule


class Encoding(DescribedModule, ABC):
    """Turns a condition into one or several vectors, the *parts*; a network embeds each part on its own.

    An encoding is built from what the real data are: `Encoding(n_classes, real)`, where `real` holds the class and the
    score of every training image, or two scores.

    Args:
        n_classes: number of classes K.
        real: where the encoding holds second scores, if there are any; else None.

    Attributes:
        part_dims: width of each part.
        uses_probabilities: whether the networks are given the classifier's whole softmax vector.
        real: what it was built from, on the CPU; without probabilities where they are not used.
    """

    part_dims: tuple[int, ...]
    uses_probabilities = False

    def __init__(self, n_classes: int, real: Condition | None = None) -> None:
        super().__init__()
        self.n_classes = n_classes
        if real is not None and not self.uses_probabilities:
            real = real._replace(probabilities=None)
        self.real = real
        self.seconds = None if real is None or real.second is None else SecondScores(n_classes, real)

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """Adds what the encoding needs beyond class and score: a second score that fits, where none is requested.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): decides where several would do.
        """
        if self.seconds is None or condition.second is not None:
            return condition
        return condition._replace(second=self.seconds.quantile(condition, chance))

    def rescored(self, condition: Condition, score: Tensor) -> Condition:
        """The same condition with another score, float32 [N]; what does not go with it is left to `complete`."""
        return condition._replace(score=score)

    def along_scores(self, label: Tensor, scores: Tensor, chance: Tensor) -> Condition:
        """Conditions of several scores of which only the score differs: all else goes with the first one.

        Of a second score the quantile stays: few of its values go with all of the first one's.

        Args:
            label: int64 [N], a class each.
            scores: float32 [N, S], from certain to uncertain.
            chance: float [N] in [0, 1), see `complete`.

        Returns:
            N S complete conditions, all of the first class first.
        """
        row = torch.arange(len(label), device=label.device).repeat_interleave(scores.shape[1])
        first = self.complete(Condition(label, scores[:, 0]), chance)
        swept = self.rescored(first.select(row), scores.flatten())
        return self.complete(swept._replace(second=None), chance[row])

    def observed(self, condition: Condition, images: Tensor) -> Condition:
        """Adds those conditions that can be seen in a real image: kinds, where there are any.

        Args:
            condition: of N real images.
            images: float32 [N, C, H, W] in [-1, 1], or points float32 [N, D].
        """
        return condition

    def fit(self, images: Tensor) -> None:
        """Learns from all training images what is beyond class and score, before a training; nothing, by default.

        Args:
            images: uint8 [N, C, H, W], or points float32 [N, D].
        """

    @abstractmethod
    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A condition of N images to one float32 [N, part_dims[i]] for each part."""
