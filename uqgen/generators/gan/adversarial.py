"""Adversarial losses: pure functions of the discriminator's logits, high for real."""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of a game.

    Attributes:
        discriminator: real logits float [N] and fake logits float [N] to the loss of the discriminator, a scalar.
        generator: real and fake logits float [N] to the loss of the generator, a scalar.
        pairs: whether each fake is compared with a real image under the same condition, so that the generator's loss
            needs the real logits and what is requested is what the real images have.

    Examples:
        >>> least_squares = AdversarialLoss(
        ...     discriminator=lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        ...     generator=lambda real, fake: (fake - 1).square().mean(),
        ... )
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    pairs: bool = False


def _logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-fake).mean()


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _critic_generator(real: Tensor, fake: Tensor) -> Tensor:
    return -fake.mean()


def _relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(fake - real).mean()


def _relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(real - fake).mean()


ADVERSARIAL_LOSSES = {
    # Goodfellow et al. (2014), section 3, with the generator's non-saturating loss
    "non_saturating": AdversarialLoss(_logistic_discriminator, _non_saturating_generator),
    # Lim and Ye (2017), "Geometric GAN"; Miyato et al. (2018), equations 16 and 17
    "hinge": AdversarialLoss(_hinge_discriminator, _critic_generator),
    # Arjovsky et al. (2017), equations 2 and 3; wants the gradient penalty
    "wasserstein": AdversarialLoss(_wasserstein_discriminator, _critic_generator),
    # Jolicoeur-Martineau (2019), equations 3 and 4; Huang et al. (2024), "The GAN is dead; long live the GAN!", section
    # 2.1, with penalty: r1_r2
    "relativistic": AdversarialLoss(_relativistic_discriminator, _relativistic_generator, pairs=True),
}
