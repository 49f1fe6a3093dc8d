"""What the generator is asked for, and what the discriminator is told of an image."""

from typing import NamedTuple

import torch
from torch import Tensor


class Condition(NamedTuple):
    """A class and a score for each image of a batch.

    Attributes:
        label: int64 [N], the class.
        score: float32 [N], the score asked (of the generator) or own (of a real image).
    """

    label: Tensor
    score: Tensor

    def to(self, device: torch.device | str) -> "Condition":
        """The same condition on another device."""
        return Condition(self.label.to(device), self.score.to(device))
