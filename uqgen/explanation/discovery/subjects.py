"""The images in which attributes are looked for, each with how far its channels vary among images like it.

Over all images a channel also varies by what distinguishes a noisy image from a blurred one; a step of that size makes
images unlike all that the model makes. So a step is measured by the standard deviation among an image's neighbours.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8
from uqgen.generators.channels import Channels, nearest
from uqgen.generators.inversion import Inverter
from uqgen.generators.latent import Latent

N_NEIGHBOURS = 20  # images of the reference whose channels say how far one image's may be moved
STEP = 3.0  # standard deviations, of "less" and of "more"
CHUNK = 50  # images made at once


@dataclass(frozen=True)
class Subjects:
    """N images of a model, made again with changed channels; on the model's device but for the label.

    Attributes:
        channels: what can be changed.
        code, latent, parts: of the images, see `uqgen.generators.inversion.Inverter`.
        label: int64 [N], the classes requested, on the CPU, as pictures are and what is said of them.
        neighbours: float32 [N, `N_NEIGHBOURS`, C], the channels of images like each.
    """

    channels: Channels
    code: Tensor
    latent: Latent
    parts: tuple[Tensor, ...]
    label: Tensor
    neighbours: Tensor

    @classmethod
    def of(cls, channels: Channels, inverter: Inverter, latent: Latent, condition: Condition) -> "Subjects":
        """Images of these latents under these complete conditions."""
        parts = inverter.encoding(condition)
        with torch.no_grad():
            code = inverter.code(latent, parts)
            values = channels.values(code, latent, parts)
        like = nearest(values, channels.reference, N_NEIGHBOURS)
        return cls(channels, code, latent, parts, condition.label.cpu(), channels.reference[like])

    def __len__(self) -> int:
        return len(self.label)

    @property
    def spread(self) -> Tensor:
        """Standard deviation of each channel among each image's neighbours, float32 [N, C], on the model's device."""
        return self.neighbours.std(dim=1)

    @cached_property
    def as_is(self) -> Tensor:
        """The images without a change, uint8 [N, C, H, W] on the CPU."""
        return self.changed(torch.zeros_like(self.spread))

    @property
    def halves(self) -> tuple["Subjects", "Subjects"]:
        """Images in which attributes are looked for, and others in which they are measured."""
        half = len(self) // 2
        return self.select(slice(half)), self.select(slice(half, None))

    def select(self, index: Tensor | slice) -> "Subjects":
        """The images at these positions, int64 on the CPU, from where tensors of every device can be indexed."""
        parts = tuple(part[index] for part in self.parts)
        chosen = self.code[index], self.latent.select(index), parts, self.label[index], self.neighbours[index]
        return Subjects(self.channels, *chosen)

    def step_along(self, direction: Tensor) -> Tensor:
        """The change of channels by `STEP` standard deviations of what a direction is.

        Several channels of one direction are moved together, as far as their sum varies among the neighbours: if they
        vary as one, each by its own standard deviation, and by less if they do not.

        Args:
            direction: float32 [C], -1, 0 or 1 for each channel, on the model's device.

        Returns:
            float32 [N, C], on the model's device.
        """
        signed = direction * self.spread
        centred = self.neighbours - self.neighbours.mean(dim=1, keepdim=True)
        standardised = centred / self.spread.clamp_min(1e-6)[:, None]
        together = (standardised @ direction).std(dim=1) / direction.abs().sum()
        return STEP * signed * together[:, None]

    def decode(self, change: Tensor) -> Tensor:
        """Images with changed channels, float32 [N, C] to float32 [N, C, H, W], not clipped."""
        return self.channels.decode(self.code, self.latent, self.parts, change)

    @torch.no_grad()
    def changed(self, change: Tensor) -> Tensor:
        """The same as pictures, uint8 [N, C, H, W] on the CPU, made in chunks."""
        positions = torch.arange(len(self)).split(CHUNK)
        made = (to_uint8(self.select(chunk).decode(change[chunk])).cpu() for chunk in positions)
        return torch.cat(list(made))


def draw_subjects(
    inverter: Inverter, latents: tuple[Latent, Latent], conditions: tuple[Condition, Condition]
) -> Subjects:
    """Images of a model, the first of which are the reference of its channels.

    Args:
        inverter: of the model.
        latents, conditions: of the reference and of the images, on the model's device; conditions are completed.
    """
    reference, own = (
        inverter.encoding.complete(condition, latent.chance)
        for latent, condition in zip(latents, conditions, strict=True)
    )
    channels = inverter.channels(latents[0], inverter.encoding(reference))
    return Subjects.of(channels, inverter, latents[1], own)
