"""What every enforcement has in common; by itself it enforces nothing."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.generators.gan.interface import ConditionalDiscriminator
from uqgen.scores import Score


@dataclass(frozen=True)
class EnforcementContext:
    """What an enforcement may use.

    Attributes:
        target: the classifier being explained.
        siblings: classifiers that are neither target nor judge, as many as `Enforcement.siblings_needed` says.
        score: the score.
        encoding: of the conditions.
        discriminator: of the GAN.
        real: class and score of every training image, with its probabilities where the networks are told them.
    """

    target: FrozenClassifier
    siblings: tuple[FrozenClassifier, ...]
    score: Score
    encoding: Encoding
    discriminator: ConditionalDiscriminator
    real: Condition


class Enforcement(nn.Module):
    """Enforces nothing; others override what they do.

    What an enforcement learns itself are its parameters, which the discriminator's optimiser trains.

    Args:
        given: what there is; of use to those that enforce something.

    Attributes:
        bound: see `bounded`.
        warm_up: images over which the pull grows to its full strength.
    """

    bound = 0.0
    warm_up = 0

    def __init__(self, given: EnforcementContext | None = None) -> None:
        super().__init__()

    @classmethod
    def siblings_needed(cls, **settings: Any) -> int:
        """Number of siblings that the context has to hold for an enforcement with these settings."""
        return 0

    def discriminator_loss(
        self, real: Tensor, own: Condition, fake: Tensor, asked: Condition, rng: torch.Generator
    ) -> Tensor | None:
        """A loss that is added to the discriminator's, a scalar; None where there is none.

        Args:
            real: float32 [N, C, H, W] in [-1, 1], or points [N, D].
            own: their conditions.
            fake: as `real`, without gradient.
            asked: their conditions.
            rng: for what is random.
        """
        return None

    def generator_loss(self, fake: Tensor, asked: Condition, rng: torch.Generator) -> Tensor | None:
        """How far each generated image is from what was asked, float [N]; None where nothing is to be enforced.

        Args:
            fake: float32 [N, C, H, W] or points [N, D], with gradient.
            asked: their conditions.
            rng: for what is random.
        """
        return None


def bounded(pull: Tensor, push: Tensor, bound: float) -> Tensor:
    """Shortens the pull on each image to at most `bound` times its push.

    The pull is the gradient of the enforcement, the push that of the adversarial loss. Without a bound the pull alone
    decides what becomes of an image that is far from what was asked, most where the discriminator is at ease.

    Args:
        pull, push: float [N, ...].
        bound: 0 or more.

    Returns:
        Float [N, ...].
    """
    lengths = [x.flatten(1).norm(dim=1) for x in (pull, push)]
    factor = (bound * lengths[1] / lengths[0].clamp_min(1e-12)).clamp_max(1)
    return pull * factor.view(-1, *[1] * (pull.dim() - 1))
