"""Adversarial losses: pure functions of the discriminator's logits, high for real."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of a game.

    Attributes:
        discriminator: real logits float [N] and fake logits float [N] to the loss of the discriminator, a scalar.
        generator: real and fake logits float [N] to the loss of the generator, a scalar.
        pairs: whether each fake is compared with a real image under the same condition (with an energy score the
            discriminator compares every second one with one under another), so that the generator's loss needs the
            real logits and what is requested is what the real images have.
        is_steep: whether the discriminator's loss rises with every fake logit, however low it is.

    Examples:
        >>> least_squares = AdversarialLoss(
        ...     discriminator=lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        ...     generator=lambda real, fake: (fake - 1).square().mean(),
        ... )
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    pairs: bool = False
    is_steep: bool = True


SMALLEST = 1e-30  # slope of a loss, below which a fake's gradient is nothing


def generator_gradient(
    loss: AdversarialLoss, real: Tensor, fake: Tensor, real_of_fake: Tensor, gradient: Tensor
) -> Tensor:
    """The generator's gradient by each fake image, from the discriminator's of the same pass.

    Shen et al. (2021), "Training generative adversarial networks in one stage": a logit passes its gradient on to its
    own image, so the two sides differ by the ratio of their slopes at the logit. A slope that the precision of the pass
    does not hold gives no gradient: of logits 60 below what they are compared with, in fp16 25.

    Args:
        loss: one that is steep.
        real, fake: logits float32 [N] of one pass through a discriminator that sees each image alone.
        real_of_fake: of them, float32 [N], what each fake is compared with.
        gradient: of the discriminator's loss by the fake images, float32 [N, ...].

    Returns:
        Of the generator's loss by the same, float32 [N, ...].
    """
    with torch.enable_grad():
        fake = fake.detach().float().requires_grad_()
        (wanted,) = torch.autograd.grad(loss.generator(real_of_fake.detach().float(), fake), fake)
        (slope,) = torch.autograd.grad(loss.discriminator(real.detach().float(), fake), fake)
    ratio = wanted / slope.clamp_min(SMALLEST)
    return ratio.view(-1, *[1] * (gradient.dim() - 1)) * gradient


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
    "hinge": AdversarialLoss(_hinge_discriminator, _critic_generator, is_steep=False),
    # Arjovsky et al. (2017), equations 2 and 3; wants the gradient penalty
    "wasserstein": AdversarialLoss(_wasserstein_discriminator, _critic_generator),
    # Jolicoeur-Martineau (2019), equations 3 and 4; Huang et al. (2024), "The GAN is dead; long live the GAN!", section
    # 2.1, with penalty: r1_r2
    "relativistic": AdversarialLoss(_relativistic_discriminator, _relativistic_generator, pairs=True),
}
