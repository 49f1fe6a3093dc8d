"""What every enforcement has in common; by itself it enforces nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.scores import Score


class Discriminator(Protocol):
    """What an enforcement takes of the GAN's discriminator, see `ConditionalDiscriminator`."""

    n_features: int

    def __call__(self, x: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """Logits float32 [N], high for real."""

    def features(self, x: Tensor) -> Tensor:
        """What it sees in the images, float32 [N, n_features]."""


@dataclass(frozen=True)
class EnforcementContext:
    """What an enforcement may use.

    Attributes:
        target: the classifier being explained.
        surrogates: classifiers that are neither target nor judge, as many as `Enforcement.surrogates_needed` says.
        score: the score.
        encoding: of the conditions.
        discriminator: of the GAN.
        real: class and score of every training image, with its probabilities where the networks are given them.

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> from uqgen.generators.gan.mlp import MLPDiscriminator
        >>> from uqgen.scores import get_score
        >>> real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
        >>> encoding = PaperEncoding(2, real)
        >>> target, discriminator = FrozenClassifier(MLP((2,), 2)), MLPDiscriminator((2,), encoding.part_dims)
        >>> given = EnforcementContext(target, (), get_score("msp"), encoding, discriminator, real)
    """

    target: FrozenClassifier
    surrogates: tuple[FrozenClassifier, ...]
    score: Score
    encoding: Encoding
    discriminator: Discriminator
    real: Condition


class Enforcement(nn.Module):
    """Enforces nothing; others override what they do.

    What an enforcement learns itself are its parameters, which the discriminator's optimiser trains.

    Args:
        given: what there is; of use to those that enforce something.

    Attributes:
        bound: of its gradient by each image, in lengths of the adversarial gradient.
        warm_up: images over which the guidance gradient grows to its full strength.

    Examples:
        >>> class Closer(Enforcement):
        ...     bound = 1.0
        ...
        ...     def generator_loss(self, fake, requested, rng):
        ...         return fake.square().sum(dim=1)  # of points: their distance from 0
        >>> Closer().generator_loss(torch.ones(3, 2), None, None)
        tensor([2., 2., 2.])
    """

    bound = 0.0
    warm_up = 0

    def __init__(self, given: EnforcementContext | None = None) -> None:
        super().__init__()

    def strength_after(self, n_images: int) -> float:
        """By which its gradient is multiplied after so many images, from 0 to 1."""
        return min(1.0, n_images / self.warm_up) if self.warm_up else 1.0

    @classmethod
    def surrogates_needed(cls, **settings: Any) -> int:
        """Number of surrogates that the context has to hold for an enforcement with these settings.

        Raises:
            SettingError: it is none.
        """
        return 0

    def discriminator_loss(
        self, real: Tensor, own: Condition, fake: Tensor, requested: Condition, rng: torch.Generator
    ) -> Tensor | None:
        """A loss that is added to the discriminator's, a scalar; None where there is none.

        Args:
            real: float32 [N, C, H, W] in [-1, 1], or points [N, D].
            own: their conditions.
            fake: as `real`, without gradient.
            requested: their conditions.
            rng: for what is random.
        """
        return None

    def generator_loss(self, fake: Tensor, requested: Condition, rng: torch.Generator) -> Tensor | None:
        """How far each generated image is from what was requested, float [N]; None where nothing is to be enforced.

        Args:
            fake: float32 [N, C, H, W] or points [N, D], with gradient.
            requested: their conditions.
            rng: for what is random.
        """
        return None
