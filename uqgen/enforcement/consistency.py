"""Consistency: what the classifiers say of a generated image is drawn to what was requested."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.special import entr

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.data.gaussian import gaussian_blur
from uqgen.enforcement.enforcement import Enforcement, EnforcementContext
from uqgen.settings import require_integer, require_number


class Consistency(Enforcement):
    """Draws what the frozen classifiers say of a generated image to what was requested, by gradients through them.

    Where the networks are given a whole softmax vector, the distance is the divergence KL(requested || achieved), else
    the squared distance of the scores' scaled log-odds, whose slope does not vanish where the classifier is sure. A
    second score adds its own squared distance to either, since no vector says it.

    Against cheating: the guidance gradient on an image is clipped by the norm of the adversarial gradient; classifiers
    other than the target take part; pixels are clipped to those of a picture, beyond which there is confidence that a
    picture loses; and the images are shifted, blurred and made noisy before they are classified, which no fine-tuned
    pattern survives.

    Args:
        given: what there is.
        weight: of the loss.
        bound: the largest norm of the guidance gradient on an image, in units of its adversarial gradient's norm.
        warm_up: images over which the guidance gradient grows to its full strength.
        n_surrogates: classifiers that the experiment gives beside the target: of its architecture, with other seeds.
            One of all is drawn for each step.
        noise: standard deviation of the noise, pixels being in [-1, 1].
        shift: the most pixels by which a batch is shifted, up, down, left or right.
        blur: standard deviation of the blur in pixels; 0 for none.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> enforcement = Consistency(given, weight=10.0, bound=2.0)  # `given` as in `EnforcementContext`
        >>> enforcement.generator_loss(torch.zeros(2, 2), given.real, torch.Generator()).shape
        torch.Size([2])
    """

    def __init__(
        self,
        given: EnforcementContext,
        weight: float = 1.0,
        bound: float = 1.0,
        warm_up: int = 0,
        n_surrogates: int = 0,
        noise: float = 0.05,
        shift: int = 1,
        blur: float = 0.0,
    ) -> None:
        super().__init__(given)
        require_number("weight", weight, 0)
        require_number("bound", bound, 0)
        require_number("noise", noise, 0)
        require_integer("shift", shift, 0)
        require_number("blur", blur, 0)
        require_integer("warm_up", warm_up, 0)
        self.surrogates_needed(n_surrogates=n_surrogates)  # refuses what is no number of them
        self.weight, self.bound, self.warm_up = weight, bound, warm_up
        self.noise, self.shift, self.blur = noise, shift, blur
        self.classifiers = nn.ModuleList([given.target, *given.surrogates])
        self.score = given.score
        self.log_odds = LogOdds(given.real.scores)

    @classmethod
    def surrogates_needed(cls, *, n_surrogates: int = 0, **settings: Any) -> int:
        """See `Enforcement`."""
        require_integer("n_surrogates", n_surrogates, 0)
        return n_surrogates

    def generator_loss(self, fake: Tensor, requested: Condition, rng: torch.Generator) -> Tensor:
        """See `Enforcement`."""
        index = int(torch.randint(len(self.classifiers), (), generator=rng, device=rng.device))
        logits = self.classifiers[index](self._perturbed(fake, rng))
        return self.weight * self._distance(logits, requested)

    def _distance(self, logits: Tensor, requested: Condition) -> Tensor:
        achieved = self.score.scores(logits, requested.label)
        squared = (self.log_odds.extended(achieved) - self.log_odds.extended(requested.scores)).square()
        if requested.probabilities is None:
            return squared.sum(dim=1)
        cross_entropy = -(requested.probabilities * predictive_logits(logits).log_softmax(dim=1)).sum(dim=1)
        return cross_entropy - entr(requested.probabilities).sum(dim=1) + squared[:, 1:].sum(dim=1)

    def _perturbed(self, x: Tensor, rng: torch.Generator) -> Tensor:
        if x.dim() == 4:
            x = self._shifted(x.clamp(-1, 1), rng)
            if self.blur > 0:
                x = gaussian_blur(x, self.blur)
        return x + self.noise * torch.randn(x.shape, generator=rng, device=x.device)

    def _shifted(self, x: Tensor, rng: torch.Generator) -> Tensor:
        size = 2 * self.shift + 1
        top, left = torch.randint(size, (2,), generator=rng, device=rng.device).tolist()
        padded = F.pad(x, [self.shift] * 4, mode="replicate")
        return padded[..., top : top + x.shape[-2], left : left + x.shape[-1]]
