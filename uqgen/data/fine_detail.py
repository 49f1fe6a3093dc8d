"""How strong the finest detail is in each part of an image: what blur takes away and noise adds."""

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d
from torchvision.transforms.v2.functional import gaussian_blur

CELLS = 8  # along a side; cells of 4 pixels in images of 32, no smaller ones in smaller images
SMALLEST = 4
SIGMA = 1.0  # pixels, of the Gaussian whose difference from the image is its detail
HARDLY_SEEN = 1e-2  # mean square of a detail of a twentieth of the range, below which differences count less
SAME = 0.15  # distance below which two images have the same detail to the eye: a seventh of the mean square


class FineDetail(nn.Module):
    """The logarithm of the mean square of an image's finest detail, in cells of a grid; distances are means over cells.

    Real noise and real blur are the same all over an image. An image that is sharp in one cell and blurred in the next,
    or noisy in one half, lies far from all real ones here, and near to some in `LowPass`, which does not see detail.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Features.

        Args:
            images: float32 [N, C, H, H] in [-1, 1].

        Returns:
            float32 [N, C S S], S the lesser of H / 4 and 8: the maps, divided by the root of their number of cells, so
            that the distance of two images is the root mean square difference of their maps.
        """
        maps = self.maps(images).flatten(1)
        return maps / maps.shape[1] ** 0.5

    def maps(self, images: Tensor) -> Tensor:
        """The maps, float32 [N, C, S, S], from -4.6, where there is no detail, to 1.4."""
        size = images.shape[-1]
        width = min(9, 2 * size - 1)  # reflection at the edge needs more pixels than the Gaussian reaches
        detail = (images - gaussian_blur(images, [width, width], [SIGMA, SIGMA])).square()
        side = min(max(size // SMALLEST, 1), CELLS)
        is_even = size % side == 0  # one is faster, the other takes any size
        pooled = avg_pool2d(detail, size // side) if is_even else adaptive_avg_pool2d(detail, side)
        return (pooled + HARDLY_SEEN).log()
