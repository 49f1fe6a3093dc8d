"""Images decoded once: kept on the disk as they are used, and mapped into memory by every program that needs them.

Pages of a mapped file lie in the system's page cache once, however many processes of a run or jobs of a sweep read
them, and may be dropped where memory is short.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from uqgen.data.images import ImageDataset, read_images
from uqgen.data.members import digests

READER = 1  # another number with every change of what `read_images` makes of a file
CHUNK = 4_096  # images whose digests are computed at once


class DecodedImages(NamedTuple):
    """N images of one source.

    Attributes:
        x: uint8 [N, C, H, W].
        label: int64 [N].
        digest: int64 [N], see `uqgen.data.members`.
    """

    x: Tensor
    label: Tensor
    digest: Tensor


def decoded(
    dataset: ImageDataset, index: NDArray[np.int64], size: int, channels: int, name: str, cache: Path | None
) -> DecodedImages:
    """Images of a data set, from the cache where they are there and their files have not changed since.

    Args:
        dataset: images and classes. One that does not list its files, as torchvision's folders do in `samples`, is
            read into memory.
        index: int64 [N], which of them.
        size, channels, name: see `read_images`.
        cache: folder of what is kept; None keeps nothing.

    Raises:
        SettingError: see `read_images`.
    """
    samples = getattr(dataset, "samples", None)
    if cache is None or samples is None:
        x, label = read_images(dataset, index, size, channels, name)
        return DecodedImages(x, label, _digests(x, label))
    folder = cache / _key([samples[position] for position in index.tolist()], size, channels)
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # programs that start at once decode once
        if not folder.exists():
            _keep(folder, dataset, index, size, channels, name)
    # Copy-on-write: what a program would change is its own.
    return DecodedImages(*(torch.from_numpy(np.load(path, mmap_mode="c")) for path in _files(folder)))


def _keep(folder: Path, dataset: ImageDataset, index: NDArray[np.int64], size: int, channels: int, name: str) -> None:
    """Writes the files beside their place, and moves them there once they are whole."""
    draft = folder.with_suffix(".draft")
    draft.mkdir(exist_ok=True)
    images, label, digest = _files(draft)
    mapped = np.lib.format.open_memmap(images, "w+", np.uint8, (len(index), channels, size, size))
    x = torch.from_numpy(mapped)
    _, found = read_images(dataset, index, size, channels, name, into=x)
    np.save(label, found.numpy())
    np.save(digest, _digests(x, found).numpy())
    mapped.flush()
    draft.replace(folder)


def _files(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "images.npy", folder / "label.npy", folder / "digest.npy"


def _digests(x: Tensor, label: Tensor) -> Tensor:
    parts = zip(x.split(CHUNK), label.split(CHUNK), strict=True)
    return torch.cat([digests(*part) for part in parts]) if len(x) else torch.empty(0, dtype=torch.int64)


def _key(samples: list[tuple[str, int]], size: int, channels: int) -> str:
    """What determines the images: their files, by name, size and time of change, in order, and how they are read."""
    files = [(str(Path(path).absolute()), *_state(path), label) for path, label in samples]
    return hashlib.sha256(json.dumps([READER, size, channels, files]).encode()).hexdigest()[:24]


def _state(path: str) -> tuple[int, int]:
    found = Path(path).stat()
    return found.st_size, found.st_mtime_ns
