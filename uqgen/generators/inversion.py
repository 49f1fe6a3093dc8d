"""Given images in a trained model: found, made again under another condition, and turned into another."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.generators.channels import Channels
from uqgen.generators.latent import Latent

AT_ONCE = 100  # images found, or made of what was found, at once


@dataclass(frozen=True)
class Inversion:
    """N given images as a model makes them.

    Attributes:
        x: the images given, float32 [N, C, H, W] in [-1, 1].
        own: their class, score and, if the networks use it, softmax vector.
        latent: N latents found, which stay as they are when the condition changes.
        offset: float32 [N, ...], what is added to the code that a latent has under a condition; 0 where latents alone
            reach every image.
        reconstruction: float32 [N, C, H, W], of the model under their own condition, not clipped.
    """

    x: Tensor
    own: Condition
    latent: Latent
    offset: Tensor
    reconstruction: Tensor

    def __len__(self) -> int:
        return len(self.x)

    @property
    def error(self) -> Tensor:
        """Root mean square difference of image and reconstruction, pixels being in [0, 1]; float32 [N]."""
        return (self.reconstruction.clamp(-1, 1) - self.x).square().mean(dim=(1, 2, 3)).sqrt() / 2

    def select(self, index: Tensor | slice) -> "Inversion":
        """The images at these positions."""
        own, latent = self.own.select(index), self.latent.select(index)
        return Inversion(self.x[index], own, latent, self.offset[index], self.reconstruction[index])


class Inverter(ABC):
    """Finds given images in a trained model, and makes them again under other conditions.

    What is made follows the averaged weights and the condition alone: nothing guides it, neither a classifier nor the
    difference to what the model makes without a condition. A model makes an image from a *code*, which its latent and
    its condition determine.

    Args:
        encoding: turns conditions into what the networks take.
        as_trained: what is done to images, float32 [N, C, H, W], before a model is trained on them; None for nothing.
    """

    def __init__(self, encoding: Encoding, as_trained: Callable[[Tensor], Tensor] | None = None) -> None:
        self.encoding, self.as_trained = encoding, as_trained or (lambda x: x)

    @abstractmethod
    def search(self, x: Tensor, parts: Sequence[Tensor]) -> tuple[Latent, Tensor]:
        """Latents and offsets of codes of which these images are made.

        Args:
            x: float32 [N, C, H, W] as the model is trained on them.
            parts: the encoded condition, one float [N, part_dims[i]] for each part.
        """

    @abstractmethod
    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """What an image is made of, float32 [N, ...]."""

    @abstractmethod
    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """Images float32 [N, C, H, W] of codes, not clipped; differentiable by the code."""

    @abstractmethod
    def mix(self, codes: Tensor, way: Tensor) -> Tensor:
        """Codes on the way from the first of two, float32 [2, ...], to the second: one for each of float32 [S]."""

    @property
    @abstractmethod
    def aspects(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Parts of a code, each of which changes something else in the image.

        Each is an orthogonal projection of changes of codes, float32 [N, ...] to the same shape.
        """

    @abstractmethod
    def channels(self, latent: Latent, parts: Sequence[Tensor]) -> Channels:
        """What can be changed in images beside their condition.

        Args:
            latent: of M images that say how far each channel varies.
            parts: their encoded condition.
        """

    def invert(self, x: Tensor, own: Condition) -> Inversion:
        """Finds images under their own conditions, each for itself.

        Args:
            x: float32 [N, C, H, W] in [-1, 1], on the model's device.
            own: class, score and softmax vector of each, on the same device.
        """
        own = own._replace(probabilities=own.probabilities if self.encoding.uses_probabilities else None)
        own = self.encoding.observed(own, x)
        chunks = torch.arange(len(x), device=x.device).split(AT_ONCE)
        found = [self._inverted(x[chunk], own.select(chunk)) for chunk in chunks]
        offset, made = (torch.cat([getattr(part, name) for part in found]) for name in ("offset", "reconstruction"))
        return Inversion(x, own, Latent.cat([part.latent for part in found]), offset, made)

    def _inverted(self, x: Tensor, own: Condition) -> Inversion:
        found = Inversion(x, own, *self.search(self.as_trained(x), self.encoding(own)), x)
        return replace(found, reconstruction=self.regenerate(found, own))

    @torch.no_grad()
    def regenerate(self, inversion: Inversion, condition: Condition) -> Tensor:
        """The images that the model makes of what was found, under complete conditions; float32, not clipped."""
        parts = self.encoding(condition)
        return self.decode(self.code(inversion.latent, parts) + inversion.offset, inversion.latent, parts)

    @torch.no_grad()
    def between(self, ends: Inversion, n: int) -> Tensor:
        """Images on the way from one reconstruction to another; codes and encoded conditions change evenly.

        Args:
            ends: two images.
            n: number S of images, both ends counted.

        Returns:
            float32 [S, C, H, W], not clipped.
        """
        parts, way = self.encoding(ends.own), torch.linspace(0, 1, n, device=ends.x.device)
        codes = self.mix(self.code(ends.latent, parts) + ends.offset, way)
        mixed = tuple(part[0].lerp(part[1], way[:, None]) for part in parts)
        return self.decode(codes, ends.latent.between(way), mixed)
