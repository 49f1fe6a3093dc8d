"""The channels of a flow: the lowest frequencies of its noise.

Noise is all that a flow is given beside the condition, and it is carried to the image along a smooth path, so that its
low frequencies become the layout of the picture (Everaert et al., 2024, "Exploiting the signal-leak bias in diffusion
models", section 3): the lowest say how bright, where, how wide and how slanted. They are independent standard normal
numbers in every image, as the cosine transform is orthogonal.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from uqgen.generators.channels import Channels
from uqgen.generators.latent import Latent

N_FREQUENCIES = 8  # of either axis, at most


class NoiseChannels(Channels):
    """Coefficients of the noise's discrete cosine transform (Ahmed et al., 1974).

    Args:
        integrate: noise float32 [N, C, H, W] and encoded condition to images.
        latent: of M images, whose coefficients are the reference.
    """

    def __init__(self, integrate: Callable[[Tensor, Sequence[Tensor]], Tensor], latent: Latent) -> None:
        self.integrate = integrate
        n_colours, height, width = latent.z.shape[1:]
        rows, columns = (cosines(size).to(latent.z.device) for size in (height, width))
        colours = torch.eye(n_colours, device=latent.z.device)
        self.basis = torch.einsum("kc,ih,jw->kijchw", colours, rows, columns).flatten(0, 2)
        self.reference = self._coefficients(latent.z)
        self.names = tuple(
            f"noise {row} {column}" + (f" channel {colour}" if n_colours > 1 else "")
            for colour in range(n_colours)
            for row in range(len(rows))
            for column in range(len(columns))
        )

    def values(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Channels`."""
        return self._coefficients(code)

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor], change: Tensor) -> Tensor:
        """See `Channels`."""
        return self.integrate(code + torch.einsum("nk,kchw->nchw", change, self.basis), parts)

    def _coefficients(self, noise: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", noise, self.basis)


def cosines(size: int) -> Tensor:
    """The first rows of the orthogonal cosine transform of so many points, float32 [at most `N_FREQUENCIES`, size]."""
    places = (torch.arange(size) + 0.5) * math.pi / size
    frequency = torch.arange(min(N_FREQUENCIES, size))
    waves = torch.cos(frequency[:, None] * places) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves
