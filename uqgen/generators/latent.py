"""All the randomness that a generator takes in, so that an image can be made again with one thing changed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class StyleMix:
    """A second z that takes over from some layer on: StyleGAN, Karras et al. (2019), section 3.1.

    Attributes:
        z: float32 [N, latent_dim].
        from_layer: int64 [N], the first layer that follows the second z.
    """

    z: Tensor
    from_layer: Tensor


@dataclass(frozen=True)
class Latent:
    """What is random about generated images.

    Attributes:
        z: float32 [N, latent_dim], or of a flow noise of the shape of an image or point, standard normal.
        noise: one float32 [N, 1, H, W] for each layer that adds per-pixel noise, standard normal; none for generators
            without.
        mix: styles to be mixed in, in training only.

    Examples:
        >>> latent = Latent(torch.zeros(4, 8))
        >>> latent.select(slice(0, 2)).z.shape
        torch.Size([2, 8])
    """

    z: Tensor
    noise: tuple[Tensor, ...] = ()
    mix: StyleMix | None = None

    def __len__(self) -> int:
        return len(self.z)

    @property
    def chance(self) -> Tensor:
        """A uniform number for each image, float32 [N] in [0, 1), for what an encoding leaves to chance.

        It follows z, as everything random about an image is to follow its latent.
        """
        return torch.special.ndtr(self.z.flatten(1)[:, 0]).clamp_max(1 - 1e-6)

    @classmethod
    def cat(cls, parts: Sequence["Latent"]) -> "Latent":
        """All latents of several batches, none of which mixes styles."""
        layers = zip(*(part.noise for part in parts), strict=True)
        return cls(torch.cat([part.z for part in parts]), tuple(map(torch.cat, layers)))

    def between(self, way: Tensor) -> "Latent":
        """Latents on the way from the first of two to the second, each tensor of them along its own arc.

        Args:
            way: float32 [S] in [0, 1], how far each is from the first.
        """
        return Latent(
            spherical(self.z[0], self.z[1], way), tuple(spherical(layer[0], layer[1], way) for layer in self.noise)
        )

    def where(self, chosen: Tensor, other: "Latent") -> "Latent":
        """These latents where chosen, bool [N], and the others elsewhere; neither mixes styles."""
        layers = zip(self.noise, other.noise, strict=True)
        return Latent(where_rows(chosen, self.z, other.z), tuple(where_rows(chosen, *pair) for pair in layers))

    def near(self, other: "Latent", correlation: float) -> "Latent":
        """Latents with a z between these and the others', their own noise, and the `chance` of the others.

        Args:
            other: as many; neither mixes styles.
            correlation: of each number of z with that of the others, from 0 to 1; it stays standard normal.
        """
        z = correlation * other.z + math.sqrt(1 - correlation**2) * self.z
        z.flatten(1)[:, 0] = other.z.flatten(1)[:, 0]
        return Latent(z, self.noise)

    def repeated(self, n: int) -> "Latent":
        """Each latent n times, those of the first one first."""
        return self.select(torch.arange(len(self), device=self.z.device).repeat_interleave(n))

    def select(self, index: Tensor | slice) -> "Latent":
        """The latents at these positions of the batch."""
        mix = StyleMix(self.mix.z[index], self.mix.from_layer[index]) if self.mix else None
        return Latent(self.z[index], tuple(noise[index] for noise in self.noise), mix)


def where_rows(chosen: Tensor, these: Tensor, others: Tensor) -> Tensor:
    """Rows of the one where chosen, bool [N], rows of the other elsewhere; both [N, ...]."""
    return torch.where(chosen.view(-1, *[1] * (these.dim() - 1)), these, others)


def spherical(first: Tensor, second: Tensor, way: Tensor) -> Tensor:
    """Spherical interpolation (Shoemake, 1985, section 3.3), which keeps normal noise as long as it is.

    Lengths, where they differ, change evenly.

    Args:
        first, second: float32 [...].
        way: float32 [S] in [0, 1].

    Returns:
        float32 [S, ...].
    """
    ends = torch.stack([first, second]).flatten(1)
    length = ends.norm(dim=1, keepdim=True)
    direction = ends / length.clamp_min(1e-12)
    angle = torch.dot(*direction).clamp(-1, 1).acos().clamp(1e-3, math.pi - 1e-3)
    weight = torch.stack([(1 - way) * angle, way * angle], dim=1).sin() / angle.sin()
    lengths = torch.stack([1 - way, way], dim=1) @ length
    return (weight @ direction * lengths).view(len(way), *first.shape)
