"""Low-pass pixels: features of images that were taught nothing, neither class nor corruption."""

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from uqgen.data.gaussian import gaussian_blur

SIZE = 16  # pixels, that features of larger images have along a side


class LowPass(nn.Module):
    """Blurs images and averages their pixels, so that distances are of what is drawn and not of its noise.

    A Gaussian of sigma 1 and averages of 2 x 2 pixels for images of up to 32 x 32 pixels. Larger ones are reduced to
    16 x 16 with windows, and a Gaussian, that grow with them: texture finer than a 32nd of the image is not seen, which
    nearest neighbours in thousands of pixels would not tell from noise either. `evaluation.features` chooses networks
    that see it.

    Examples:
        >>> import torch
        >>> LowPass()(torch.zeros(2, 1, 32, 32)).shape
        torch.Size([2, 256])
    """

    def forward(self, images: Tensor) -> Tensor:
        """Features.

        Args:
            images: float32 [N, C, H, H] in [-1, 1].

        Returns:
            float32 [N, C S S] in [-1, 1], S the lesser of H / 2 and 16.
        """
        return self.maps(images).flatten(1)

    def maps(self, images: Tensor) -> Tensor:
        """The same as maps, float32 [N, C, S, S]."""
        size = images.shape[-1]
        side = min(-(-size // 2), SIZE)
        sigma = max(size / (2 * SIZE), 1.0)
        return adaptive_avg_pool2d(gaussian_blur(images, sigma), side)
