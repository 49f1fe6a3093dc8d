"""Coloured shapes, more or less blurred: a colour example that is generated.

``python -m uqgen.data.shapes FOLDER [N]`` writes N of them (3,000) as PNG files, in a folder for each class.
"""

import argparse
import math
from functools import cached_property
from pathlib import Path

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms.v2.functional import to_pil_image

from uqgen import seeding
from uqgen.data.labelled import to_uint8
from uqgen.settings import SettingError, require, require_integer, require_seed

SIDES = {"triangle": 3, "square": 4, "circle": 60}  # a polygon of 60 sides is a circle, to the pixel
SIZE = 32
BLURS = (0.5, 1.0, 2.0, 4.0, 6.0)  # standard deviations in pixels; each image gets one
MOST_ROTATED = math.pi / 8  # either way
NOISE = 0.02  # standard deviation, pixels being in [-1, 1]


class Shapes(Dataset[tuple[Tensor, int]]):
    """One shape in the middle of each image, a little turned and coloured at random; blurred ones are hard to tell.

    Args:
        n: number of images.
        seed: draws everything.

    Examples:
        >>> shapes = Shapes(n=12)
        >>> image, label = shapes[0]
        >>> image.shape, len(shapes)
        (torch.Size([3, 32, 32]), 12)
    """

    classes = list(SIDES)

    def __init__(self, n: int = 12_000, seed: int = 0) -> None:
        require_integer("n", n, 1)
        require_seed("seed", seed)
        self.n, self.seed = n, seed

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index], self.targets[index]

    @property
    def images(self) -> Tensor:
        """All of them, uint8 [n, 3, 32, 32]."""
        return self._drawn[0]

    @property
    def targets(self) -> list[int]:
        """Their classes, positions in `SIDES`."""
        return self._drawn[1]

    @cached_property
    def _drawn(self) -> tuple[Tensor, list[int]]:
        rng = seeding.generator(self.seed)
        label = torch.randint(len(SIDES), (self.n,), generator=rng)
        radius, rotation = torch.rand(2, self.n, generator=rng)
        rotation = MOST_ROTATED * (2 * rotation - 1)
        sides = torch.tensor(list(SIDES.values()))[label]
        distance = polygon_distance(sides, math.pi * (7 + 4 * radius).square(), rotation)
        # Bright on dark: a small network learns hardly anything of shapes that may be either.
        shape, ground = torch.rand(2, self.n, 3, 1, 1, generator=rng).mul(0.8).add(0.2)
        inside = (0.5 - distance).clamp(0, 1)  # the share of each pixel
        images = (-ground).lerp(shape, inside[:, None])
        blur = torch.randint(len(BLURS), (self.n,), generator=rng)
        for level, sigma in enumerate(BLURS):
            sharp = images[blur == level].numpy()
            blurred = gaussian_filter(sharp, sigma=(0, 0, sigma, sigma), mode="nearest")
            images[blur == level] = torch.from_numpy(blurred)
        return to_uint8(images + NOISE * torch.randn(images.shape, generator=rng)), label.tolist()


def polygon_distance(sides: Tensor, area: Tensor, rotation: Tensor) -> Tensor:
    """Signed distance of every pixel from the nearest line along a side of a regular polygon in the middle.

    Args:
        sides: int64 [N].
        area: float [N], in square pixels.
        rotation: float [N], radians.

    Returns:
        float [N, 32, 32], in pixels; negative inside.
    """
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    half_angle = (math.pi / sides)[:, None, None]
    angle = torch.remainder(torch.atan2(y, x) + rotation[:, None, None], 2 * half_angle) - half_angle
    apothem = (area / (sides * torch.tan(math.pi / sides))).sqrt()
    return torch.hypot(x, y) * torch.cos(angle) - apothem[:, None, None]


def write_shapes(folder: Path, n: int) -> None:
    """Writes n shapes in folders of their classes.

    Raises:
        SettingError: n is no positive integer, or something lies in the folder already.
    """
    drawn = Shapes(n)
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    require(is_free, "folder", folder, "a new or an empty folder")
    for name in SIDES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (image, label) in enumerate(zip(drawn.images, drawn.targets, strict=True)):
        to_pil_image(image).save(folder / drawn.classes[label] / f"{number:06d}.png")


def main() -> None:
    """Writes what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m uqgen.data.shapes", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or an empty one")
    parser.add_argument("n", type=int, nargs="?", default=3_000, help="number of images")
    try:
        write_shapes(**vars(parser.parse_args()))
    except SettingError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
