"""The gradient that the generator learns from: those of several losses by the images that it made, in one.

Losses have scales of their own, and the adversarial one changes in training. So the gradients of the others are as long
as a share of its gradient, whatever their losses are multiplied by.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from uqgen import distributed
from uqgen.guidance.guidance import shortened


class Enforced(NamedTuple):
    """An enforcement's loss, see `uqgen.enforcement`.

    Attributes:
        loss: of each image, float32 [N].
        strength: by which its clipped gradient is multiplied, from 0 to 1.
        bound: see `bounded`.
    """

    loss: Tensor
    strength: float
    bound: float


class Energy(NamedTuple):
    """An energy score as a loss.

    Attributes:
        loss: a scalar.
        length: of its gradient, as a share of the adversarial gradient's; in the mean of all images, above 0.
    """

    loss: Tensor
    length: float


def combined_gradient(
    fake: Tensor, adversarial: Tensor, enforced: Enforced | None = None, energies: Sequence[Energy] = ()
) -> Tensor:
    """The sum of the gradients, float32 [N, ...].

    Args:
        fake: images float32 [N, C, H, W] or points [N, D], of which the losses are functions.
        adversarial: the gradient of the adversarial loss by them.
        enforced: what the enforcement asks for.
        energies: the energy scores that take part.
    """
    gradient = adversarial
    if enforced is not None:
        (guidance,) = torch.autograd.grad(enforced.loss.mean(), fake)
        gradient = gradient + enforced.strength * bounded(guidance, adversarial, enforced.bound)
    for energy in energies:
        (spread,) = torch.autograd.grad(energy.loss, fake)
        gradient = gradient + energy.length * _mean_length(adversarial) / _mean_length(spread) * spread
    return gradient


def bounded(guidance: Tensor, adversarial: Tensor, bound: float) -> Tensor:
    """Clips the norm of each image's guidance gradient to at most `bound` times that of its adversarial gradient.

    The guidance gradient is that of the enforcement's loss, the adversarial gradient that of the adversarial loss, both
    with respect to the image. Without clipping the guidance gradient alone decides what becomes of an image that is far
    from what was requested, most where the discriminator's gradient is small.

    Args:
        guidance, adversarial: the two gradients, float [N, ...].
        bound: 0 or more.

    Returns:
        Float [N, ...].
    """
    return shortened(guidance, bound * adversarial.flatten(1).norm(dim=1))


def _mean_length(gradient: Tensor) -> Tensor:
    """Mean Euclidean length of the gradients by each image, float [N, ...]; over all devices."""
    return distributed.mean(gradient.flatten(1).norm(dim=1).mean()).clamp_min(1e-12)
