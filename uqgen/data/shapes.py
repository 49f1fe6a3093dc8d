"""Coloured shapes, more or less blurred: a colour example that is generated.

``python -m uqgen.data.shapes FOLDER [N]`` writes N of them (3,000) as PNG files, in a folder for each class.
"""

import math
import sys
from pathlib import Path

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.utils.data import TensorDataset
from torchvision.transforms.v2.functional import to_pil_image

from uqgen import seeding
from uqgen.data.labelled import to_uint8

SIDES = {"triangle": 3, "square": 4, "circle": 60}  # a polygon of 60 sides is a circle, to the pixel
SIZE = 32
BLURS = (0.5, 1.0, 2.0, 4.0, 6.0)  # standard deviations in pixels; each image gets one
NOISE = 0.02  # standard deviation, pixels being in [-1, 1]


def shapes(n: int = 12_000, seed: int = 0) -> TensorDataset:
    """One shape in the middle of each image, turned and coloured at random; the blurred ones are hard to tell apart.

    Args:
        n: number of images.
        seed: draws everything.

    Returns:
        Images uint8 [n, 3, 32, 32], and classes int64 [n] in the order of `SIDES`.
    """
    rng = seeding.generator(seed)
    label = torch.randint(len(SIDES), (n,), generator=rng)
    radius, turn = torch.rand(2, n, generator=rng)
    sides = torch.tensor(list(SIDES.values()))[label]
    distance = polygon_distance(sides, math.pi * (7 + 4 * radius).square(), 2 * math.pi * turn)
    shape, ground = torch.rand(2, n, 3, 1, 1, generator=rng).mul(2).sub(1)
    images = ground.lerp(shape, (0.5 - distance).clamp(0, 1)[:, None])  # the share of each pixel that is inside
    blur = torch.randint(len(BLURS), (n,), generator=rng)
    for level, sigma in enumerate(BLURS):
        sharp = images[blur == level].numpy()
        images[blur == level] = torch.from_numpy(gaussian_filter(sharp, sigma=(0, 0, sigma, sigma), mode="nearest"))
    return TensorDataset(to_uint8(images + NOISE * torch.randn(images.shape, generator=rng)), label)


def polygon_distance(sides: Tensor, area: Tensor, turn: Tensor) -> Tensor:
    """Signed distance of every pixel from the nearest line along a side of a regular polygon in the middle.

    Args:
        sides: int64 [N].
        area: float [N], in square pixels.
        turn: float [N], radians.

    Returns:
        float [N, 32, 32], in pixels; negative inside.
    """
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    half_angle = (math.pi / sides)[:, None, None]
    angle = torch.remainder(torch.atan2(y, x) + turn[:, None, None], 2 * half_angle) - half_angle
    apothem = (area / (sides * torch.tan(math.pi / sides))).sqrt()
    return torch.hypot(x, y) * torch.cos(angle) - apothem[:, None, None]


def main(folder: str, n: str = "3000") -> None:
    """Writes n shapes in folders of their classes."""
    names = list(SIDES)
    for name in names:
        (Path(folder) / name).mkdir(parents=True, exist_ok=True)
    images, labels = shapes(int(n)).tensors
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        to_pil_image(image).save(Path(folder) / names[label] / f"{number:06d}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
