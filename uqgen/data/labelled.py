"""A data set that lives in memory as tensors and is batched by index."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset


class Batch(NamedTuple):
    """A batch of real data.

    Attributes:
        x: float32; images [N, C, H, W] in [-1, 1], or points [N, 2].
        label: int64 [N], the class.
        corruption: int64 [N], which corruption the image got (0: none); see `uqgen.data.corruption`.
        severity: int64 [N], from 1 (weakest) to 5; 0 where there is no corruption.
    """

    x: Tensor
    label: Tensor
    corruption: Tensor
    severity: Tensor


@dataclass(frozen=True)
class LabelledData(Dataset[Batch]):
    """Real data of one split, whole in memory.

    Images are kept as uint8 (a quarter of the memory) and handed out as float32 in [-1, 1]; points are kept as float32.

    Attributes:
        x: uint8 [N, C, H, W] or float32 [N, 2].
        label, corruption, severity: int64 [N], as in `Batch`.

    Examples:
        >>> none = torch.zeros(10, dtype=torch.int64)
        >>> data = LabelledData(torch.zeros(10, 1, 8, 8, dtype=torch.uint8), torch.arange(10) % 2, none, none)
        >>> batch = data[:4]
        >>> batch.x.shape, batch.x.min().item()
        (torch.Size([4, 1, 8, 8]), -1.0)
    """

    x: Tensor
    label: Tensor
    corruption: Tensor
    severity: Tensor

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, index: "Tensor | list[int] | slice") -> Batch:
        """A whole batch at once: `index` is a list, a tensor or a slice of positions, never a single one."""
        return Batch(unit_range(self.x[index]), self.label[index], self.corruption[index], self.severity[index])

    def subset(self, index: "Tensor | slice") -> "LabelledData":
        """The data at these positions, as a data set of its own."""
        return LabelledData(self.x[index], self.label[index], self.corruption[index], self.severity[index])


def unit_range(x: Tensor) -> Tensor:
    """Pixels as networks take them: uint8 in 0 .. 255 to float32 in [-1, 1]; float32 as it is."""
    return x.float().div_(127.5).sub_(1) if x.dtype == torch.uint8 else x


def to_uint8(images: Tensor) -> Tensor:
    """Pixels as they are kept: float in [-1, 1] (clipped) to uint8 in 0 .. 255, rounded to the nearest."""
    return images.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def as_pictures(x: Tensor) -> Tensor:
    """The 256 levels of a picture, which real images have; gradients pass as if nothing was rounded or clipped.

    Args:
        x: float32 [N, C, H, W] in [-1, 1] but for overshoot; or points float32 [N, D], which stay as they are.
    """
    return x if x.dim() == 2 else x + (unit_range(to_uint8(x)) - x).detach()
