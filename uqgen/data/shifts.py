"""Images moved by a pixel: what holds of a picture holds of it there, too."""

import torch
from torch import Tensor

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # pixels down and to the right


def shifted(x: Tensor, down: int, right: int) -> Tensor:
    """Images [N, C, H, W] moved by whole pixels; the edge is repeated where they moved away."""
    rows = (torch.arange(x.shape[2]) - down).clamp(0, x.shape[2] - 1)
    columns = (torch.arange(x.shape[3]) - right).clamp(0, x.shape[3] - 1)
    return x[:, :, rows][..., columns]
