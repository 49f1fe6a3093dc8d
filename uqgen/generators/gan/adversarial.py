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
        generator: fake logits float [N] to the loss of the generator, a scalar.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def _logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _non_saturating_generator(fake: Tensor) -> Tensor:
    return F.softplus(-fake).mean()


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _critic_generator(fake: Tensor) -> Tensor:
    return -fake.mean()


ADVERSARIAL_LOSSES = {
    # Goodfellow et al. (2014), section 3, with the generator's non-saturating loss
    "non_saturating": AdversarialLoss(_logistic_discriminator, _non_saturating_generator),
    # Lim and Ye (2017), "Geometric GAN"; Miyato et al. (2018), equations 16 and 17
    "hinge": AdversarialLoss(_hinge_discriminator, _critic_generator),
    # Arjovsky et al. (2017), equations 2 and 3; wants the gradient penalty
    "wasserstein": AdversarialLoss(_wasserstein_discriminator, _critic_generator),
}
