"""Auxiliary head: the discriminator's features predict the score; after Odena et al. (2017), equation 2."""

import torch
from torch import Tensor, nn

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.data.censored import within_range
from uqgen.enforcement.enforcement import Enforcement, EnforcementContext
from uqgen.settings import require_integer, require_number


class Auxiliary(Enforcement):
    """A head on the discriminator's features learns the score, as scaled log-odds, and it guides the generator.

    Of two scores it learns both.

    It learns from real images and from generated ones with the score that the target gives them, so that images whose
    score it mistakes teach it better. No gradient passes through the target.

    Args:
        given: what there is.
        weight: of the loss of both networks.
        bound: the largest norm of the guidance gradient on an image, in units of its adversarial gradient's norm.
        warm_up: images over which the guidance gradient grows to its full strength.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> enforcement = Auxiliary(given, weight=1.0)  # `given` as in `EnforcementContext`
        >>> enforcement.generator_loss(torch.zeros(2, 2), given.real, torch.Generator()).shape
        torch.Size([2])
    """

    def __init__(self, given: EnforcementContext, weight: float = 1.0, bound: float = 1.0, warm_up: int = 0) -> None:
        super().__init__(given)
        require_number("weight", weight, 0)
        require_number("bound", bound, 0)
        require_integer("warm_up", warm_up, 0)
        self.weight, self.bound, self.warm_up = weight, bound, warm_up
        self.given, self.target = given, given.target
        self.head = nn.Linear(given.discriminator.n_features, given.real.scores.shape[1])
        self.log_odds = LogOdds(given.real.scores)

    def discriminator_loss(
        self, real: Tensor, own: Condition, fake: Tensor, requested: Condition, rng: torch.Generator
    ) -> Tensor:
        """See `Enforcement`."""
        achieved = self.given.score.scores(self.target(within_range(fake)), requested.label)
        truth = self.log_odds.extended(torch.cat([own.scores, achieved]))
        return self.weight * (self._predict(torch.cat([real, fake])) - truth).square().sum(dim=1).mean()

    def generator_loss(self, fake: Tensor, requested: Condition, rng: torch.Generator) -> Tensor:
        """See `Enforcement`."""
        return self.weight * (self._predict(fake) - self.log_odds.extended(requested.scores)).square().sum(dim=1)

    def _predict(self, x: Tensor) -> Tensor:
        return self.head(self.given.discriminator.features(x))
