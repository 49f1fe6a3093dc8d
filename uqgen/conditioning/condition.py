"""What the generator is asked for, and what the discriminator is told of an image."""

from typing import NamedTuple

import torch
from torch import Tensor


class Condition(NamedTuple):
    """A class and a score for each image of a batch.

    Attributes:
        label: int64 [N], the class.
        score: float32 [N], the score asked (of the generator) or own (of a real image).
        probabilities: float32 [N, K], the classifier's softmax vector, where known: of a real image its own.
    """

    label: Tensor
    score: Tensor
    probabilities: Tensor | None = None

    def to(self, device: torch.device | str) -> "Condition":
        """The same condition on another device."""
        rest = self.probabilities if self.probabilities is None else self.probabilities.to(device)
        return Condition(self.label.to(device), self.score.to(device), rest)

    def select(self, index: Tensor | slice) -> "Condition":
        """The conditions at these positions of the batch."""
        rest = self.probabilities if self.probabilities is None else self.probabilities[index]
        return Condition(self.label[index], self.score[index], rest)
