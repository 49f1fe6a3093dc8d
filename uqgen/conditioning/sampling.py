"""Which conditions are asked of the generator."""

import torch

from uqgen.conditioning.condition import Condition


class DataConditions:
    """Asks for the class and the score of random real images, so that both sides of the GAN see the same conditions.

    Args:
        real: class and score of the real images to draw from.
    """

    def __init__(self, real: Condition) -> None:
        self.real = real

    def draw(self, n: int, rng: torch.Generator) -> Condition:
        """Draws n conditions with replacement, on the device of `rng`."""
        self.real = self.real.to(rng.device)
        index = torch.randint(len(self.real.score), (n,), generator=rng, device=rng.device)
        return Condition(self.real.label[index], self.real.score[index])


def uniform_conditions(n: int, n_classes: int, low: float, high: float, rng: torch.Generator) -> Condition:
    """Draws n conditions with classes and scores uniform and independent, scores in [low, high]."""
    label = torch.randint(n_classes, (n,), generator=rng, device=rng.device)
    return Condition(label, torch.empty(n, device=rng.device).uniform_(low, high, generator=rng))
