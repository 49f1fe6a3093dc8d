"""Exponential moving average of a generator's weights, measured in images: Karras et al. (2018), section 4.2 there."""

import copy

import torch
from torch import nn

RAMP_UP = 0.1  # the half-life is at most this share of the images seen, so that the start is soon forgotten


class EMA(nn.Module):
    """A frozen copy of a module whose weights follow the module's; always in evaluation mode.

    Args:
        module: what is followed; parameters are averaged, buffers copied.
        half_life: number of images after which a weight's past counts half.

    Examples:
        >>> module = nn.Linear(2, 2)
        >>> ema = EMA(module, half_life=1000)
        >>> ema.update(module, n_new=32, n_images=32)
        >>> ema.module(torch.zeros(5, 2)).shape
        torch.Size([5, 2])
    """

    def __init__(self, module: nn.Module, half_life: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.half_life = half_life

    def train(self, mode: bool = True) -> "EMA":
        """Stays in evaluation mode, whatever the mode of what holds it."""
        return super().train(False)

    @torch.no_grad()
    def update(self, module: nn.Module, n_new: int, n_images: int) -> None:
        """Moves towards the module's weights.

        Args:
            module: what is followed.
            n_new: images since the last update.
            n_images: images so far.
        """
        half_life = min(self.half_life, RAMP_UP * n_images)
        keep = 0.5 ** (n_new / max(half_life, 1e-8))
        torch._foreach_lerp_(list(self.module.parameters()), list(module.parameters()), 1 - keep)
        for mine, theirs in zip(self.module.buffers(), module.buffers(), strict=True):
            mine.copy_(theirs)
