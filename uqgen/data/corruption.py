"""Image corruptions in five severities, as in ImageNet-C: Hendrycks and Dietterich (2019); Le Coz et al., section 3.2.

Which corruption an image gets, how severe, and its very noise are functions of (seed, index) alone: neither the order
in which images are corrupted, nor what else is corrupted with them, nor the number of workers makes a difference.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from uqgen.settings import require, require_number, require_seed

CORRUPTIONS = ("none", "gaussian noise", "gaussian blur")
N_SEVERITIES = 5
CHUNK = 1_000  # images corrupted at once
# Those of data=mnist_corrupt, for images of 32 pixels: docs/method.md says how they were chosen.
NOISE_SIGMA = (0.25, 0.4, 0.55, 0.7, 0.85)  # pixels in [0, 1]
BLUR_SIGMA = (1.2, 1.8, 2.4, 3.0, 3.6)  # in pixels


class Corrupted(NamedTuple):
    """Images and what was done to them.

    Attributes:
        images: uint8 [N, H, W] or [N, C, H, W], as they were given.
        corruption: int64 [N], position in `CORRUPTIONS`.
        severity: int64 [N], 1 to 5; 0 where the corruption is 0.
    """

    images: NDArray[np.uint8]
    corruption: NDArray[np.int64]
    severity: NDArray[np.int64]


class Corruption:
    """Gaussian noise or Gaussian blur on a random share of the images, one of five severities each.

    Args:
        share: expected share of the images that are corrupted, 0 to 1; half of those get noise, half get blur.
        noise_sigma: standard deviation of the noise for severity 1 to 5, with pixels in [0, 1].
        blur_sigma: standard deviation of the blur for severity 1 to 5, in pixels.
        seed: see `__call__`.

    Raises:
        SettingError: a value is out of range, or there are not five severities.

    Examples:
        >>> images = np.full((1000, 8, 8), 128, np.uint8)
        >>> found = Corruption(share=0.5, seed=0)(images, np.arange(1000), stream=0)
        >>> found.images.shape, bool((found.images[found.corruption == 0] == 128).all())
        ((1000, 8, 8), True)
    """

    def __init__(
        self,
        share: float = 0.5,
        noise_sigma: Sequence[float] = NOISE_SIGMA,
        blur_sigma: Sequence[float] = BLUR_SIGMA,
        seed: int = 0,
    ) -> None:
        require_number("share", share, 0, 1)
        require_seed("seed", seed)
        for name, sigmas in {"noise_sigma": noise_sigma, "blur_sigma": blur_sigma}.items():
            positive = all(isinstance(sigma, int | float) and sigma > 0 for sigma in sigmas)
            require(len(sigmas) == N_SEVERITIES and positive, name, list(sigmas), "five positive numbers")
        self.share, self.seed = share, seed
        self.noise_sigma, self.blur_sigma = tuple(noise_sigma), tuple(blur_sigma)

    def __call__(
        self,
        images: NDArray[np.uint8],
        index: NDArray[np.int64],
        stream: int,
        into: NDArray[np.uint8] | None = None,
    ) -> Corrupted:
        """Corrupts images.

        Args:
            images: uint8 [N, H, W], or [N, C, H, W], of which every channel gets noise of its own and the same blur.
            index: int64 [N], position of each image in the file it comes from.
            stream: number of that file (0 train, 1 test), so that equal positions in two files differ.
            into: uint8, as the images, where the corrupted ones are put; None for new memory.

        Returns:
            Pixels are clipped to [0, 1] and rounded to uint8.
        """
        corruption, severity = self.kinds(index, stream)
        out = np.empty_like(images) if into is None else into
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            out[part] = images[part]
            self._corrupt(out[part], index[part], corruption[part], severity[part], stream)
        return Corrupted(out, corruption, severity)

    def kinds(self, index: NDArray[np.int64], stream: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The corruption and the severity of images; see `__call__` and `Corrupted`."""
        # Row i of this table never depends on how many rows are drawn, so it belongs to index i for good.
        table = np.random.default_rng((self.seed, stream)).random((index.max(initial=-1) + 1, 3))[index]
        corruption = np.where(table[:, 0] < self.share, 1 + (table[:, 1] < 0.5), 0)
        severity = np.where(corruption > 0, 1 + (table[:, 2] * N_SEVERITIES).astype(np.int64), 0)
        return corruption, severity

    def _corrupt(
        self,
        images: NDArray[np.uint8],
        index: NDArray[np.int64],
        corruption: NDArray[np.int64],
        severity: NDArray[np.int64],
        stream: int,
    ) -> None:
        """Corrupts images where they lie."""
        for position in np.flatnonzero(corruption == 1):
            noise = self._generator(stream, index[position]).standard_normal(images.shape[1:], np.float32)
            noisy = images[position] / 255 + self.noise_sigma[severity[position] - 1] * noise
            images[position] = _to_uint8(noisy)
        for level, sigma in enumerate(self.blur_sigma, start=1):
            chosen = (corruption == 2) & (severity == level)
            pixels = images[chosen].astype(np.float32) / 255
            images[chosen] = _to_uint8(gaussian_filter(pixels, sigma, mode="nearest", axes=(-2, -1)))

    def _generator(self, stream: int, index: np.int64) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self.seed, stream], counter=[0, 0, int(index), 0]))


def _to_uint8(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (pixels.clip(0, 1) * 255).round().astype(np.uint8)
