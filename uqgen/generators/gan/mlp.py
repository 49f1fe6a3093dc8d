"""Fully connected generator and discriminator for points: Le Coz et al. (2023), section 3.1."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from uqgen.generators.gan.interface import ConditionalDiscriminator, ConditionalGenerator
from uqgen.generators.latent import Latent
from uqgen.settings import require_integer, require_points


class MLPGenerator(ConditionalGenerator):
    """Fully connected layers over z and the encoded condition, concatenated.

    Args:
        shape: (D,), coordinates of a point.
        part_dims: width of each part of the encoded condition.
        latent_dim: width of z.
        hidden: width of each hidden layer.
        depth: number of layers, the last one included.

    Raises:
        SettingError: a width or the depth is too small.

    Examples:
        >>> generator = MLPGenerator((2,), part_dims=(3,))
        >>> latent = generator.draw_latent(5, torch.Generator().manual_seed(0))
        >>> generator(latent, [torch.zeros(5, 3)]).shape
        torch.Size([5, 2])
    """

    def __init__(
        self, shape: tuple[int], part_dims: Sequence[int], latent_dim: int = 8, hidden: int = 128, depth: int = 5
    ) -> None:
        super().__init__()
        require_points(shape, "model=gan")
        require_integer("latent_dim", latent_dim, 1)
        self.latent_dim = latent_dim
        self.layers = fully_connected(latent_dim + sum(part_dims), shape[0], hidden, depth)

    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws z float32 [n, latent_dim] from `rng`, on its device."""
        return Latent(torch.randn(n, self.latent_dim, generator=rng, device=rng.device))

    def forward(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """Latents and the encoded condition to points float32 [N, D]."""
        return self.layers(torch.cat([latent.z, *parts], dim=1)).float()

    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `ConditionalGenerator`; z itself."""
        return latent.z

    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """See `ConditionalGenerator`."""
        return self(Latent(code), parts)


class MLPDiscriminator(ConditionalDiscriminator):
    """Fully connected layers over the point and the encoded condition, concatenated.

    Args:
        shape, part_dims, hidden, depth: as for the generator.

    Raises:
        SettingError: a width or the depth is too small.

    Examples:
        >>> MLPDiscriminator((2,), part_dims=(3,))(torch.zeros(5, 2), [torch.zeros(5, 3)]).shape
        torch.Size([5])
    """

    def __init__(self, shape: tuple[int], part_dims: Sequence[int], hidden: int = 128, depth: int = 5) -> None:
        super().__init__()
        require_points(shape, "model=gan")
        self.n_features, self.part_dims = hidden, tuple(part_dims)
        self.layers = fully_connected(shape[0] + sum(part_dims), 1, hidden, depth)

    def forward(self, x: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """Points float32 [N, D] and their encoded condition to logits float32 [N], high for real."""
        return self.layers(torch.cat([x, *parts], dim=1)).squeeze(1).float()

    def features(self, x: Tensor) -> Tensor:
        """See `ConditionalDiscriminator`; the last hidden layer, with a condition of zeros."""
        return self.layers[:-1](torch.cat([x, x.new_zeros(len(x), sum(self.part_dims))], dim=1)).float()


def fully_connected(in_features: int, out_features: int, hidden: int, depth: int) -> nn.Sequential:
    """`depth` fully connected layers with leaky ReLU between them."""
    require_integer("hidden", hidden, 1)
    require_integer("depth", depth, 2)
    layers: list[nn.Module] = []
    for width in [in_features] + [hidden] * (depth - 2):
        layers += [nn.Linear(width, hidden), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(hidden, out_features))
