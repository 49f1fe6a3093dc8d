"""Mismatched conditions: real images with a wrong score count as generated; after Reed et al. (2016), section 4.2."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.enforcement.enforcement import Enforcement, EnforcementContext
from uqgen.settings import require_number

LEAST = 0.5  # distance of a wrong and the right score in scaled log-odds, whose range is 2
APART = 4.0  # of the log-odds of two classes, in one sorted list of them


class Mismatched(Enforcement):
    """Teaches the discriminator that a real image under a wrong score is no match.

    A wrong condition is that of a random training image of the same class whose score is at least a quarter of the
    range of scaled log-odds away; where the class has none, the one that is farthest away. Its softmax vector and its
    second score come with it, and the image keeps its kinds, so that the score alone is wrong, not the class. Distances
    in rank would not do: a sure classifier gives most images about the same score.

    Args:
        given: what there is.
        weight: of the loss, beside that of the generated images.

    Raises:
        SettingError: the weight is negative.

    Examples:
        >>> enforcement = Mismatched(given, weight=0.5)  # `given` as in `EnforcementContext`
        >>> x, rng = torch.zeros(2, 2), torch.Generator()
        >>> enforcement.discriminator_loss(x, given.real, x, given.real, rng).shape
        torch.Size([])
    """

    def __init__(self, given: EnforcementContext, weight: float = 0.5) -> None:
        super().__init__(given)
        require_number("weight", weight, 0)
        self.weight = weight
        self.given, self.real = given, given.real
        self.log_odds = LogOdds(given.real.score)
        place = self._place(given.real)
        by_class = given.real.label.bincount().cumsum(0)
        for name, value in {"order": place.argsort(), "sorted": place.sort().values, "ends": by_class}.items():
            self.register_buffer(name, value, persistent=False)  # follows from the data
        self.order: Tensor
        self.sorted: Tensor
        self.ends: Tensor

    def discriminator_loss(
        self, real: Tensor, own: Condition, fake: Tensor, requested: Condition, rng: torch.Generator
    ) -> Tensor:
        """See `Enforcement`; non-saturating, whatever the adversarial loss."""
        logits = self.given.discriminator(real, self.given.encoding(self.wrong(own, rng)))
        return self.weight * softplus(logits).mean()

    def wrong(self, own: Condition, rng: torch.Generator) -> Condition:
        """Conditions of other images of the same class, with scores far from those of `own`, whose kinds they keep."""
        self.real = self.real.to(own.score.device)
        place, end = self._place(own), self.ends[own.label]
        start = torch.where(own.label > 0, self.ends[(own.label - 1).clamp_min(0)], 0)
        n_below = torch.searchsorted(self.sorted, place - LEAST, side="right").maximum(start) - start
        first_above = torch.searchsorted(self.sorted, place + LEAST).minimum(end)
        n_far = n_below + end - first_above
        drawn = (torch.rand(len(place), generator=rng, device=place.device) * n_far).long().minimum(n_far - 1)
        far = torch.where(drawn < n_below, start + drawn, first_above + drawn - n_below)
        lowest_is_farther = place - self.sorted[start] > self.sorted[end - 1] - place
        farthest = torch.where(lowest_is_farther, start, end - 1)
        other = self.real.select(self.order[torch.where(n_far > 0, far, farthest)])
        return other._replace(kinds=own.kinds)

    def _place(self, condition: Condition) -> Tensor:
        """Where images stand in one list of all classes, each in the order of its log-odds."""
        return APART * condition.label + self.log_odds(condition.score)
