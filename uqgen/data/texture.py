"""Statistics of an image's texture: how strong its finest detail is, how spotted, and in which direction it runs.

After the statistics of Portilla and Simoncelli (2000), "A parametric texture model based on joint statistics of complex
wavelet coefficients": there, too, energies and autocorrelations of high-pass images, over the whole image.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad

from uqgen.data.fine_detail import finest_detail

HARDLY_SEEN = 1e-3  # mean square over the image, below which differences count less: 2.5 % of the pixels off by 0.2
ALIKE = 0.25  # distance below which two images have the same texture to the eye: a quarter more detail
CORRELATION_WEIGHT = 4.0  # of correlations, from -1 to 1, beside logarithms of mean squares, from -7 to 1


class Texture(nn.Module):
    """Seven statistics of a whole image, over all channels; distances are Euclidean.

    - The logarithm of the mean square of its finest detail.
    - The same of what is lighter than its surroundings and narrower than two pixels (the white top-hat of an opening by
      a square of 2 x 2), and of what is darker (the black one). Noise has both, strokes and blurs have little.
    - The correlation of the detail with itself one pixel to the right, below, and along both diagonals. Noise that is
      independent in each pixel has the same to the right as below, and along both diagonals.

    `FineDetail` says where an image has detail. It does not tell a speckled blur from a sharp stroke, which are as
    strong, nor noise that runs in one direction from noise.

    Examples:
        >>> Texture()(torch.full((2, 1, 8, 8), -1.0)).shape
        torch.Size([2, 7])
    """

    N_FEATURES = 7

    def forward(self, images: Tensor) -> Tensor:
        """Features.

        Args:
            images: float32 [N, C, H, W] in [-1, 1].

        Returns:
            float32 [N, 7]; differentiable.
        """
        detail = finest_detail(images)
        right, below = (detail[..., 1:], detail[..., :-1]), (detail[..., 1:, :], detail[..., :-1, :])
        diagonals = (detail[..., 1:, 1:], detail[..., :-1, :-1]), (detail[..., 1:, :-1], detail[..., :-1, 1:])
        strength = _mean(detail.square()) + HARDLY_SEEN
        spots = [_mean(top_hat(x).square()) + HARDLY_SEEN for x in (images, -images)]
        correlations = [_mean(one * other) / strength for one, other in (right, below, *diagonals)]
        logarithms = torch.stack([strength, *spots], dim=1).log()
        return torch.cat([logarithms, CORRELATION_WEIGHT * torch.stack(correlations, dim=1)], dim=1)

    def strength_of_detail(self, features: Tensor) -> Tensor:
        """How strong the finest detail is, float [N], from features float [N, 7]: the first of them."""
        return features[:, 0]


def top_hat(images: Tensor) -> Tensor:
    """How much lighter each pixel is than in the opening of its image by a square of 2 x 2 pixels, at least 0.

    Args:
        images: float [N, C, H, W].
    """
    eroded = -max_pool2d(-images, 2, stride=1)
    opened = max_pool2d(pad(eroded, (1, 1, 1, 1), value=-torch.inf), 2, stride=1)
    return images - opened


def _mean(maps: Tensor) -> Tensor:
    return maps.flatten(1).mean(dim=1)
