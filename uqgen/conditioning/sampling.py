"""Which real images are shown, and which conditions are asked of the generator."""

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition


class DataConditions:
    """Shows real images as they are, and asks for class and score of random ones: both sides see the same conditions.

    Args:
        real: class and score of the N real images.
    """

    def __init__(self, real: Condition) -> None:
        self.real = real

    def draw(self, n: int, rng: torch.Generator) -> Condition:
        """Draws n conditions with replacement, on the device of `rng`."""
        self.real = self.real.to(rng.device)
        return self.real.select(self._positions(n, rng))

    def order(self, rng: torch.Generator) -> Tensor:
        """The real images that make an epoch: positions int64 [N], on the CPU as is `rng`."""
        return torch.randperm(len(self.real.score), generator=rng)

    def _positions(self, n: int, rng: torch.Generator) -> Tensor:
        return torch.randint(len(self.real.score), (n,), generator=rng, device=rng.device)


def uniform_conditions(n: int, n_classes: int, low: float, high: float, rng: torch.Generator) -> Condition:
    """Draws n conditions with classes and scores uniform and independent, scores in [low, high]."""
    label = torch.randint(n_classes, (n,), generator=rng, device=rng.device)
    return Condition(label, torch.empty(n, device=rng.device).uniform_(low, high, generator=rng))
