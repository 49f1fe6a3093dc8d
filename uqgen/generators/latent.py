"""All the randomness that a generator takes in, so that an image can be made again with one thing changed."""

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

    def select(self, index: Tensor | slice) -> "Latent":
        """The latents at these positions of the batch."""
        mix = StyleMix(self.mix.z[index], self.mix.from_layer[index]) if self.mix else None
        return Latent(self.z[index], tuple(noise[index] for noise in self.noise), mix)
