"""What the GAN needs of its networks, whatever they are made of."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from uqgen.described import DescribedModule
from uqgen.generators.latent import Latent


class ConditionalDiscriminator(DescribedModule, ABC):
    """Tells real from generated images under their encoded condition.

    Attributes:
        group: neighbours in a batch that are judged together; batches are multiples of it.
        n_features: width of `features`.
    """

    group: int = 1
    n_features: int

    @abstractmethod
    def forward(self, x: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """Images float32 [N, C, H, W] or points [N, D], and their condition, to logits float32 [N], high for real."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """What it sees in the images whatever their condition, float32 [N, n_features], on which a head can be put."""


class ConditionalGenerator(DescribedModule, ABC):
    """Makes images from latents and encoded conditions."""

    @abstractmethod
    def draw_latent(self, n: int, rng: torch.Generator) -> Latent:
        """Draws n latents from `rng`, on its device."""

    @abstractmethod
    def forward(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """Makes images.

        Args:
            latent: N latents.
            parts: the encoded condition, one float [N, part_dims[i]] for each part.

        Returns:
            float32 [N, C, H, W], in [-1, 1] but for overshoot, or points float32 [N, D].
        """

    @abstractmethod
    def code(self, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """What guidance moves: a code of each image, float [N, ...], of which `decode` makes it."""

    @abstractmethod
    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """The images of these codes; what they leave open is as in the latents and the condition.

        ``decode(code(latent, parts), latent, parts)`` is ``forward(latent, parts)``.
        """
