"""Which real images are shown, and which conditions are requested of the generator."""

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition

NEIGHBOURS = 20  # images of a class, on either side in the order of scores, from which a group is drawn


class DataConditions:
    """Shows real images as they are, and requests class and score of random ones: both sides see the same conditions.

    Images that are judged together are of one class and of about one score. What they have in common then is the
    condition, and how much they differ tells a generator that makes one picture of each class.

    Args:
        real: class and score of the N real images, on the CPU.
        group: how many neighbours in a batch are judged together.

    Examples:
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> drawn = DataConditions(real).draw(100, torch.Generator().manual_seed(0))
        >>> drawn.score[drawn.label == 0].unique()
        tensor([0.6000])
    """

    def __init__(self, real: Condition, group: int = 1) -> None:
        self.real, self.group = real, group
        by_score = real.score.argsort(stable=True)
        self.ranked = by_score[real.label[by_score].argsort(stable=True)]  # class by class, each by score
        self.rank = self.ranked.argsort()
        self.ends = real.label.bincount().cumsum(0)  # of each class, among the ranked

    def draw(self, n: int, rng: torch.Generator) -> Condition:
        """Draws n conditions with replacement, on the CPU as is `rng`."""
        return self.real.select(self._grouped(n, rng))

    def order(self, rng: torch.Generator) -> Tensor:
        """The real images that make an epoch: positions int64 [N]; in groups, with replacement."""
        n = len(self.real.score)
        return torch.randperm(n, generator=rng) if self.group == 1 else self._grouped(n, rng)

    def _grouped(self, n: int, rng: torch.Generator) -> Tensor:
        """Positions of n images; where they come in groups, each group's are drawn from about one."""
        positions = self._positions(-(-n // self.group), rng)
        return positions if self.group == 1 else self._near(positions.repeat_interleave(self.group)[:n], rng)

    def _near(self, position: Tensor, rng: torch.Generator) -> Tensor:
        """For each image one of its class that is at most `NEIGHBOURS` away in the order of scores."""
        label, here = self.real.label[position], self.rank[position]
        first = torch.maximum(here - NEIGHBOURS, self.ends[label] - self.ends.diff(prepend=self.ends[:1] * 0)[label])
        last = torch.minimum(here + NEIGHBOURS, self.ends[label] - 1)
        chance = torch.rand(len(position), generator=rng, dtype=torch.float64)
        return self.ranked[first + (chance * (last - first + 1)).long()]

    def _positions(self, n: int, rng: torch.Generator) -> Tensor:
        return torch.randint(len(self.real.score), (n,), generator=rng)


def uniform_conditions(n: int, n_classes: int, low: float, high: float, rng: torch.Generator) -> Condition:
    """Draws n conditions with classes and scores uniform and independent, scores in [low, high]."""
    label = torch.randint(n_classes, (n,), generator=rng, device=rng.device)
    return Condition(label, torch.empty(n, device=rng.device).uniform_(low, high, generator=rng))
