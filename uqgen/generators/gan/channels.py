"""The channels of a StyleGAN2: directions in StyleSpace, layer by layer.

StyleSpace (Wu et al., 2021) is what the modulated convolutions scale their input channels by. Styles go
together, so a change of a single one makes images unlike all others of a small network. A channel is therefore a
principal direction of one layer's styles (Härkönen et al., 2020, "GANSpace"), among images that are alike.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from uqgen.generators.channels import Channels, nearest
from uqgen.generators.gan.stylegan2 import Generator
from uqgen.generators.latent import Latent

N_DIRECTIONS = 12  # of a layer, at most
N_LIKE = 10  # images to whose mean each is compared


class StyleChannels(Channels):
    """Principal directions of the styles of every modulated convolution.

    Args:
        generator: the averaged one.
        latent, parts: of M images, from whose styles the directions are computed, and which are the reference.
    """

    def __init__(self, generator: Generator, latent: Latent, parts: Sequence[Tensor]) -> None:
        self.generator = generator
        with torch.no_grad():
            styles = self._styles(generator.code(latent, parts))
        self.widths = [style.shape[1] for style in styles]
        joined = torch.cat(styles, dim=1)
        like = nearest(joined, joined, N_LIKE + 1)  # each is one of its own
        apart = (joined - joined[like].mean(dim=1)).split(self.widths, dim=1)
        directions = [torch.linalg.svd(part, full_matrices=False).Vh[:N_DIRECTIONS] for part in apart]
        self.directions = torch.block_diag(*directions)
        self.reference = joined @ self.directions.T
        layers = [f"layer {n}" for n in range(generator.n_layers)]
        layers += [f"image {n}" for n in range(len(styles) - len(layers))]
        counted = zip(layers, directions, strict=True)
        self.names = tuple(f"{layer} direction {number}" for layer, part in counted for number in range(len(part)))

    def values(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `Channels`."""
        return torch.cat(self._styles(code), dim=1) @ self.directions.T

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor], change: Tensor) -> Tensor:
        """See `Channels`."""
        changed = torch.cat(self._styles(code), dim=1) + change @ self.directions
        return self.generator.paint(changed.split(self.widths, dim=1), latent.noise)

    def _styles(self, code: Tensor) -> tuple[Tensor, ...]:
        return self.generator.styles(code.transpose(0, 1))
