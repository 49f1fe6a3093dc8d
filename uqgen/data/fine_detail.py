"""How strong the finest detail is in each part of an image, and how much of it is as dark or as light as can be.

Blur takes detail away and noise adds it. Few measures see a background that should be black and is nearly black.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from uqgen.data.gaussian import gaussian_blur

CELLS = 8  # along a side; cells of 4 pixels in images of 32, no smaller ones in smaller images
SMALLEST = 4
SIGMA = 1.0  # pixels, of the Gaussian whose difference from the image is its detail
HARDLY_SEEN = 1e-2  # mean square of a detail of a twentieth of the range, below which differences count less
SAME = 0.15  # distance below which two images have the same detail to the eye: a seventh of the mean square
AT_END = 0.98  # of the range [-1, 1], beyond which a pixel looks as dark or light as can be: three of 256 levels


class FineDetail(nn.Module):
    """Two maps of an image, in cells of a grid; distances are root mean squares over the cells.

    - The logarithm of the mean square of its finest detail. Real noise and real blur are the same all over an image.
      One that is sharp in one cell and blurred in the next, or noisy in one half, lies far from all real ones here,
      and near to some in `LowPass`, which does not see detail.
    - The share of its pixels that lie at an end of their range. A background with faint specks or a haze has a
      detail and low-pass pixels like those of a black one, and none of its black pixels.

    Examples:
        >>> FineDetail()(torch.full((2, 1, 8, 8), -1.0)).shape
        torch.Size([2, 8])
    """

    def forward(self, images: Tensor) -> Tensor:
        """Features.

        Args:
            images: float32 [N, C, H, H] in [-1, 1].

        Returns:
            float32 [N, 2 C S S], S the lesser of H / 4 and 8: both maps, divided by the root of their number of cells.
        """
        detail = self.maps(images)
        at_end = _in_cells((images.abs() > AT_END).float())
        return torch.cat([detail, at_end], dim=1).flatten(1) / detail[0].numel() ** 0.5

    def strength_of_detail(self, features: Tensor) -> Tensor:
        """How strong the finest detail is, float [N], from features float [N, 2 C S S]; to be compared alone."""
        return features[:, : features.shape[1] // 2].mean(dim=1)

    def maps(self, images: Tensor) -> Tensor:
        """The first map, float32 [N, C, S, S], from -4.6, where there is no detail, to 1.4; differentiable."""
        return (_in_cells(finest_detail(images).square()) + HARDLY_SEEN).log()


def finest_detail(images: Tensor) -> Tensor:
    """What a Gaussian blur takes away, float32 of the shape of images float32 [N, C, H, W]; differentiable."""
    return images - gaussian_blur(images, SIGMA)


def _in_cells(maps: Tensor) -> Tensor:
    """Means of maps float32 [N, C, H, H] in the cells of the grid, [N, C, S, S]."""
    size = maps.shape[-1]
    side = min(max(size // SMALLEST, 1), CELLS)
    is_even = size % side == 0  # one is faster, the other takes any size
    return avg_pool2d(maps, size // side) if is_even else adaptive_avg_pool2d(maps, side)
