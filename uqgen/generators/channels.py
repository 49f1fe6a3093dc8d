"""What a trained model offers to change in an image beside its condition: channels, one number each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from uqgen.generators.latent import Latent


class Channels(ABC):
    """Numbers on the way from a code to its image, each of which can be changed on its own.

    Attributes:
        names: of the C channels.
        reference: float32 [M, C], the values that images of the model have, which say how far each channel varies.
    """

    names: tuple[str, ...]
    reference: Tensor

    @abstractmethod
    def values(self, code: Tensor, latent: Latent, parts: Sequence[Tensor]) -> Tensor:
        """Every channel of N images, float32 [N, C].

        Args:
            code: float32 [N, ...], see `uqgen.generators.inversion.Inverter`.
            latent: N latents.
            parts: the encoded condition, one float [N, part_dims[i]] for each part.
        """

    @abstractmethod
    def decode(self, code: Tensor, latent: Latent, parts: Sequence[Tensor], change: Tensor) -> Tensor:
        """The images with changed channels.

        Args:
            code, latent, parts: see `values`.
            change: float32 [N, C], what is added to each channel.

        Returns:
            float32 [N, C, H, W], not clipped; differentiable by the change.
        """


def nearest(values: Tensor, reference: Tensor, n: int) -> Tensor:
    """Positions of the n images of a reference that are most like each image, int64 [N, at most n].

    Args:
        values: float32 [N, C].
        reference: float32 [M, C]; each number is divided by its standard deviation there.
    """
    scale = reference.std(dim=0).clamp_min(1e-6)
    distance = torch.cdist(values / scale, reference / scale)
    return distance.topk(min(n, len(reference)), largest=False).indices
