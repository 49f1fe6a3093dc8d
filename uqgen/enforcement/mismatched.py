"""Mismatched conditions: real images with a wrong score count as generated; after Reed et al. (2016), section 4.2."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from uqgen.conditioning.condition import Condition
from uqgen.enforcement.enforcement import Enforcement, EnforcementContext
from uqgen.settings import require_number

LEAST = 0.25  # distance of the quantiles of a wrong and the right score


class Mismatched(Enforcement):
    """Teaches the discriminator that a real image under a wrong score is no match.

    A wrong score is that of a random training image at least a quarter of all of them away in the order of scores; a
    second score comes with it.

    Args:
        given: what there is.
        weight: of the loss, beside that of the generated images.

    Raises:
        SettingError: the weight is negative.
    """

    def __init__(self, given: EnforcementContext, weight: float = 0.5) -> None:
        super().__init__(given)
        require_number("weight", weight, 0)
        self.weight = weight
        self.given, self.real = given, given.real
        order = given.real.score.argsort()
        self.register_buffer("sorted", given.real.score[order], persistent=False)
        self.register_buffer("order", order, persistent=False)
        self.sorted: Tensor
        self.order: Tensor

    def discriminator_loss(
        self, real: Tensor, own: Condition, fake: Tensor, asked: Condition, rng: torch.Generator
    ) -> Tensor:
        """See `Enforcement`; non-saturating, whatever the adversarial loss."""
        logits = self.given.discriminator(real, self.given.encoding(self.wrong(own, rng)))
        return self.weight * softplus(logits).mean()

    def wrong(self, own: Condition, rng: torch.Generator) -> Condition:
        """Conditions with the class of `own` and the score of other images."""
        n = len(self.sorted)
        rank = torch.searchsorted(self.sorted, own.score)
        away = torch.rand(len(rank), generator=rng, device=rank.device) * (1 - 2 * LEAST) + LEAST
        self.real = self.real.to(own.score.device)
        other = self.real.select(self.order[(rank + (away * n).long()) % n])
        return other._replace(label=own.label)
