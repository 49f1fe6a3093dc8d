"""Penalties on gradients: pure functions, differentiable once more, computed in fp32."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]


def r1(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Half the mean squared norm of the critic's gradient at real images: Mescheder et al. (2018), equation 9 at 1.

    Args:
        critic: images float32 [N, ...] to logits float [N], with the real images' conditions.
        real: float32 [N, ...].
        fake, rng: not needed by this penalty.

    Returns:
        A scalar, float32.
    """
    return _squared_gradient_norm(critic, real).mean() / 2


def r1_r2(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """`r1` at real images and the same at generated ones: Huang et al. (2024), section 2.2.

    Args:
        critic: images float32 [N, ...] to logits float [N], with the real images' conditions.
        real, fake: float32 [N, ...].
        rng: not needed by this penalty.

    Returns:
        A scalar, float32.
    """
    return r1(critic, real, fake, rng) + r1(critic, fake, real, rng)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Mean squared distance of the gradient's norm from 1, between real and fake: Gulrajani et al. (2017), equation 3.

    Args:
        critic: images float32 [N, ...] to logits float [N].
        real, fake: float32 [N, ...], paired at random.
        rng: draws where between the two of each pair the gradient is taken.

    Returns:
        A scalar, float32.
    """
    share = torch.rand(len(real), *[1] * (real.dim() - 1), generator=rng, device=real.device)
    norm = (_squared_gradient_norm(critic, real.lerp(fake, share)) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def path_lengths(images: Tensor, w: Tensor, direction: Tensor) -> Tensor:
    """Length of the vector-Jacobian product of images by w: StyleGAN2, section 3.2, |J_w^T y| of equation 4.

    Args:
        images: float32 [N, C, H, W], computed from w.
        w: float32 [L, N, D], one w for each of L layers.
        direction: the random image y, float32 [N, C, H, W], standard normal.

    Returns:
        float32 [N]: root of the sum over D of the mean over L of the squares, with y scaled by 1 / sqrt(H W).
    """
    product = (images * direction).sum() / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad(product, w, create_graph=True)
    return gradient.square().mean(dim=0).sum(dim=1).sqrt()


def _squared_gradient_norm(critic: Critic, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_(True)
    with torch.autocast(x.device.type, enabled=False):
        (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(dim=1)


PENALTIES: dict[str, Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor]] = {
    "r1": r1,
    "r1_r2": r1_r2,
    "gradient_penalty": gradient_penalty,
}
