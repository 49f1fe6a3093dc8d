"""Images of any source, scaled to one size, one number of channels and one type."""

import os
import sys
from functools import partial
from io import BytesIO
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms.v2 import functional as F

from uqgen.data.items import ImageDataset, Taken, class_index, whole
from uqgen.settings import require
from uqgen.stopping import end_silently

MANY, MOST_WORKERS, READ_AT_ONCE = 2_000, 16, 64  # images that several processes read, these, and in a batch of theirs
MODES = {1: "L", 3: "RGB"}  # PIL's names for grey and for colour, by number of channels
DEEP = ("I", "F")  # how PIL's names for grey of more than 8 bits begin
MOST = 65_535  # level of white in 16 bits
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # of TIFF: a tag, and its value for images whose white is 0
LIGHT = 0.75  # mean brightness from which a drawing with alpha is put on black
# 4, 5, 6 or 7 times a power of two, since the GAN's images grow by doubling.
SIZES = tuple(size for size in range(8, 129) if size in {base << level for base in (4, 5, 6, 7) for level in range(6)})


def read_images(
    dataset: ImageDataset,
    index: NDArray[np.int64],
    size: int,
    channels: int,
    name: str,
    into: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Reads images of a data set, several at once where they are many.

    Args:
        dataset: images and classes.
        index: int64 [N], which of them.
        size, channels: see `fit_image`.
        name: of the setting that gave the data set, for errors.
        into: uint8 [N, channels, size, size], where the images are put; None for new memory.

    Returns:
        Images uint8 [N, channels, size, size] and classes int64 [N].

    Raises:
        SettingError: images cannot be read, or their class is no integer; it names the first few.
    """
    images = torch.empty(len(index), channels, size, size, dtype=torch.uint8) if into is None else into
    label = torch.empty(len(index), dtype=torch.int64)
    parallel = sys.platform == "linux" and len(index) >= MANY  # elsewhere workers begin with an import of everything
    workers = min(len(os.sched_getaffinity(0)), MOST_WORKERS) if parallel else 0
    fitted: Any = Taken(dataset, partial(_fitted, size=size, channels=channels))
    settings: Any = {"num_workers": workers, "worker_init_fn": end_silently, "collate_fn": list}
    batches = DataLoader(fitted, READ_AT_ONCE, sampler=index.tolist(), **settings)
    found = track(chain.from_iterable(batches), f"reading {name}", len(index))
    for row, item in enumerate(whole(found, dataset, index, name)):
        images[row], label[row] = item
    return images, label


def fit_image(image: Any, size: int, channels: int) -> Tensor:
    """Scales the shorter side to a size, crops the middle, and makes it grey or colour.

    The same picture gives the same bytes, whatever type its pixels have: white is 255 of 8 bits, 65,535 of 16 bits and
    of integers of 32 bits, 1 of floats. What a camera noted of how it was held (EXIF) turns it upright. What is
    transparent lets a ground through: white, or black where what is drawn on it is nearly white.

    Args:
        image: a PIL image; an array [H, W], [H, W, C]; or a tensor [C, H, W]. With 1 to 4 channels: grey, grey and
            alpha, colour, colour and alpha.
        size: height and width, in pixels.
        channels: 1 for grey, 3 for colour.

    Returns:
        uint8 [channels, size, size].

    Raises:
        ValueError: pixels are of another type, or out of range.
    """
    if not isinstance(image, Image.Image) or image.mode.startswith(DEEP):
        image = F.to_pil_image(_to_bytes(_levels(image)))
    image = ImageOps.exif_transpose(image)
    image = _on_ground(image.convert("RGBA")) if image.has_transparency_data else image.convert("RGB")
    image = F.resize(image.convert(MODES[channels]), [size])
    return F.pil_to_tensor(F.center_crop(image, [size]))


def png_file(image: Tensor) -> bytes:
    """The content of a PNG file.

    Args:
        image: uint8 [C, H, W], of one channel or three.
    """
    buffer = BytesIO()
    picture: Image.Image = F.to_pil_image(image)
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def require_size(size: Any, channels: Any) -> None:
    """Raises a `SettingError` unless images of this size and number of channels can be generated."""
    require(isinstance(size, int) and size in SIZES, "size", size, ", ".join(map(str, SIZES)))
    require(channels in MODES, "channels", channels, "1 for grey, 3 for colour")


def _fitted(image: Any, label: Any, size: int, channels: int) -> tuple[Tensor, int]:
    return fit_image(image, size, channels), class_index(label)


def _levels(image: Any) -> Tensor:
    """The pixels of an image as they are, [C, H, W]."""
    shape = list(np.shape(image))
    if not isinstance(image, Image.Image) and (len(shape) not in (2, 3) or 0 in shape):
        raise ValueError(f"an image has 2 or 3 dimensions, none of them 0, not {shape}")
    n_channels = 1 if len(shape) == 2 else shape[0 if isinstance(image, Tensor) else -1]
    if not 1 <= n_channels <= 4:
        raise ValueError(f"a tensor is [C, H, W], an array [H, W, C], with 1 to 4 channels, not {shape}")
    pixels = np.asarray(ImageOps.exif_transpose(image) if isinstance(image, Image.Image) else image)
    if isinstance(image, Image.Image):
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))  # a file may have the other one
        if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:  # Pillow heeds it in images of 8 bits alone
            pixels = MOST - pixels
    return F.to_image(pixels if not isinstance(image, Tensor) else image)


def _to_bytes(pixels: Tensor) -> Tensor:
    """Pixels of any type as uint8, of the same shape."""
    if pixels.dtype == torch.uint8:
        return pixels
    levels = pixels.double()
    white = 1 if pixels.is_floating_point() else MOST
    in_range = bool((levels >= 0).all() and (levels <= white).all())
    # Integers of 32 bits that would fit into 8 are likely meant so: as 65,535 levels they would all be black.
    is_plain = pixels.is_floating_point() or pixels.dtype == torch.uint16 or not 0 < levels.max() < 256
    if not (in_range and is_plain):
        found = f"{pixels.dtype} from {levels.min():g} to {levels.max():g}"
        raise ValueError(
            f"pixels must be uint8, uint16 (or its levels in more bits), or float from 0 to 1, not {found}"
        )
    return levels.mul(255 / white).round().to(torch.uint8)


def _on_ground(image: Image.Image) -> Image.Image:
    """An image with alpha, on a ground on which it can be seen; of one that is opaque the ground does not matter."""
    red, green, blue, alpha = (np.asarray(band, np.float64) for band in image.split())
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    is_light = (luma * alpha).sum() > LIGHT * 255 * alpha.sum()
    ground = Image.new("RGBA", image.size, "black" if is_light else "white")
    return Image.alpha_composite(ground, image).convert("RGB")
