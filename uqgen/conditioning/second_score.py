"""Which second scores go with a class and a first score: those that real images have."""

import torch
from torch import Tensor, nn

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.neighbours import Neighbours

N_NEAREST = 64  # real images of the class, with the nearest first scores
TAIL = 0.05  # share of them below, and above, the second scores that count as reachable


class SecondScores(nn.Module):
    """The second scores of real images of a class, near a first score.

    Two scores cannot be requested apart: mutual information is never above the total entropy, and what real images of
    a class and a first score have of it is a narrower part still.

    Args:
        n_classes: number of classes K.
        real: class and both scores of every real image.

    Examples:
        >>> scores = torch.linspace(0, 1, 1000)
        >>> real = Condition(torch.zeros(1000, dtype=torch.int64), scores, second=scores / 2)
        >>> requested = Condition(torch.tensor([0]), torch.tensor([0.5]))
        >>> round(SecondScores(1, real).quantile(requested, torch.tensor([0.5])).item(), 2)
        0.25
    """

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__()
        assert real.second is not None
        self.neighbours = Neighbours(n_classes, real, N_NEAREST)
        self.register_buffer("second", real.second, persistent=False)  # follows from the data
        self.second: Tensor

    def quantile(self, requested: Condition, q: Tensor) -> Tensor:
        """The second score, float32 [N], below which a share q, float [N] in [0, 1), of the near images lies.

        Args:
            requested: N classes and first scores.
            q: the share of each.
        """
        each = ((torch.arange(N_NEAREST, device=q.device) + 0.5) / N_NEAREST).expand(len(q), -1)
        near = self.second[self.neighbours(requested, each)].sort(dim=1).values
        return near.gather(1, (q * N_NEAREST).long()[:, None]).squeeze(1)

    def draw_uniform(self, requested: Condition, rng: torch.Generator) -> Condition:
        """Adds second scores, uniform over what is reachable beside each first one.

        Args:
            requested: N classes and first scores.
            rng: draws.
        """
        share = torch.full_like(requested.score, TAIL)
        low, high = self.quantile(requested, share), self.quantile(requested, 1 - share)
        drawn = torch.rand(len(low), generator=rng, device=low.device)
        return requested._replace(second=low + (high - low) * drawn)
