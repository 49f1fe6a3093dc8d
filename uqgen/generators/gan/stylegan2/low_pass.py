"""A low-pass filter of a whole image, whose width the style sets."""

import torch
from torch import Tensor, nn

from uqgen.generators.layers import EqualisedLinear

LEAST_WIDTH = 0.3  # in pixels; such a Gaussian moves 0.4 % of a pixel to each neighbour. A narrower one has no gradient


class LowPass(nn.Module):
    """Gaussian filter of an image, the same everywhere in it; its style says how wide.

    Convolutions of three pixels make a blur out of many parts, and one part of an image comes out more blurred than
    another. What goes out of focus is blurred evenly.

    Args:
        in_features: width of the style.
        size: height and width of the image.

    Examples:
        >>> low_pass = LowPass(8, size=16)
        >>> style = torch.zeros(2, 8)
        >>> low_pass(torch.zeros(2, 1, 16, 16), style).shape, low_pass.width(style).shape
        (torch.Size([2, 1, 16, 16]), torch.Size([2]))
    """

    def __init__(self, in_features: int, size: int) -> None:
        super().__init__()
        self.affine = EqualisedLinear(in_features, 1)
        position = torch.arange(size, dtype=torch.float32)
        self.register_buffer("distance", (position[:, None] - position).square(), persistent=False)
        self.distance: Tensor

    def width(self, style: Tensor) -> Tensor:
        """Standard deviation of the Gaussian in pixels, float32 [N], of styles float [N, in_features]."""
        return (self.affine(style.float()).square() + LEAST_WIDTH**2).sqrt().squeeze(1)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        """Filters images: float [N, C, H, W] and float [N, in_features] to float32 [N, C, H, W].

        Of a Gaussian that goes beyond an edge the rest counts.
        """
        with torch.autocast(image.device.type, enabled=False):
            variance = self.width(style).square()[:, None, None]
            weights = (-self.distance / (2 * variance)).softmax(dim=2)[:, None]
            return weights @ image.float() @ weights.transpose(2, 3)
