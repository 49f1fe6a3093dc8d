"""Images of any source, brought to one size, one number of channels and one type."""

from collections.abc import Sized
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from uqgen.settings import SettingError, require

MODES = {1: "L", 3: "RGB"}  # PIL's names for grey and for colour, by number of channels
# 4, 5, 6 or 7 times a power of two, since the GAN's images grow by doubling.
SIZES = tuple(size for size in range(8, 129) if size in {base << level for base in (4, 5, 6, 7) for level in range(6)})


class ImageDataset(Sized, Protocol):
    """A map-style data set of images and classes: torchvision's, or any of one's own."""

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """An image, as `fit_image` takes it, and its class, 0 to K - 1."""


def read_images(
    dataset: ImageDataset, index: NDArray[np.int64], size: int, channels: int, name: str
) -> tuple[Tensor, Tensor]:
    """Reads images of a data set into memory.

    Args:
        dataset: images and classes.
        index: int64 [N], which of them.
        size, channels: see `fit_image`.
        name: of the setting that gave the data set, for errors.

    Returns:
        Images uint8 [N, channels, size, size] and classes int64 [N].

    Raises:
        SettingError: an image cannot be read, or its class is no integer.
    """
    images = torch.empty(len(index), channels, size, size, dtype=torch.uint8)
    label = torch.empty(len(index), dtype=torch.int64)
    for row, position in enumerate(track(index.tolist(), f"reading {name}")):
        try:
            image, class_index = dataset[position]
            images[row], label[row] = fit_image(image, size, channels), int(class_index)
        except Exception as error:  # whatever a foreign data set or a broken file raises, say which image it was
            samples = getattr(dataset, "samples", None)  # of torchvision's folders: files
            item = samples[position][0] if samples else f"image {position}"
            raise SettingError(name, item, f"an image and its class ({' '.join(str(error).split())[:200]})") from error
    return images, label


def fit_image(image: Any, size: int, channels: int) -> Tensor:
    """Scales the shorter side to a size, crops the middle, and makes it grey or colour.

    Args:
        image: a PIL image; an array [H, W], [H, W, C]; or a tensor [C, H, W]; the latter two uint8, or float in [0, 1].
        size: height and width, in pixels.
        channels: 1 for grey, 3 for colour.

    Returns:
        uint8 [channels, size, size].

    Raises:
        ValueError: pixels are of another type, or out of range.
    """
    if not isinstance(image, Image.Image):
        image = F.to_pil_image(_to_bytes(F.to_image(image)))
    image = F.resize(image.convert(MODES[channels]), [size])
    return F.pil_to_tensor(F.center_crop(image, [size]))


def require_size(size: Any, channels: Any) -> None:
    """Raises a `SettingError` unless images of this size and number of channels can be generated."""
    require(size in SIZES, "size", size, ", ".join(map(str, SIZES)))
    require(channels in MODES, "channels", channels, "1 for grey, 3 for colour")


def _to_bytes(image: Tensor) -> Tensor:
    in_range = image.dtype == torch.uint8 or (image.is_floating_point() and image.min() >= 0 and image.max() <= 1)
    if not in_range:
        raise ValueError(f"pixels must be uint8, or float from 0 to 1, not {image.dtype} to {image.max():g}")
    return F.to_dtype(image, torch.uint8, scale=True)
