"""Guidance of a GAN: the code, W of StyleGAN2, moves towards the score requested in a few bounded Newton steps."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.guidance.guidance import Guidance, shortened

N_STEPS = 4
BOUND = 0.1  # the longest way, as a share of the code's length


def guided_code(
    code: Tensor, decode: Callable[[Tensor, Tensor], Tensor], condition: Condition, guidance: Guidance
) -> Tensor:
    """The codes moved, none farther than a share of its own length.

    Args:
        code: float32 [N, ...].
        decode: (positions int64 [M] of some of them, codes of these) to images float32 [M, C, H, W].
        condition: N, what is requested.
        guidance: says each step.

    Returns:
        float32 [N, ...].
    """
    furthest = BOUND * code.flatten(1).norm(dim=1)
    offset, left = torch.zeros_like(code), torch.arange(len(code), device=code.device)
    for _ in range(N_STEPS):
        if len(left) == 0:
            break
        made = partial(decode, left)
        step = guidance.step((code + offset)[left], made, condition.select(left), furthest[left])
        offset[left] = shortened(offset[left] + step, furthest[left])
        left = left[step.flatten(1).any(dim=1)]  # what does not move now, would not later
    return code + offset
