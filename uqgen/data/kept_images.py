"""Images decoded once: kept on the disk as they are used, and mapped into memory by every program that needs them.

Pages of a mapped file lie in the system's page cache once, however many processes of a run or jobs of a sweep read
them, and may be dropped where memory is short.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor
from torchvision.datasets import DatasetFolder

from uqgen.data.corruption import Corruption
from uqgen.data.images import read_images
from uqgen.data.items import ImageDataset
from uqgen.data.members import digests

IMAGES, LABEL, DIGEST = "images.npy", "label.npy", "digest.npy"
File = tuple[str, int, str]  # its path, the class of its image, and what reads it
READERS = ("torchvision", "uqgen")  # packages whose code for reading does not change unnoticed
READER = 2  # another number with every change of what `read_images` makes of a file
CORRUPTER = 1  # the same of what a `Corruption` makes of an image
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
        dataset: images and classes. One that may make more of its files than they hold is read into memory.
        index: int64 [N], which of them.
        size, channels, name: see `read_images`.
        cache: folder of what is kept; None keeps nothing.

    Raises:
        SettingError: see `read_images`.
    """
    files = files_as_they_are(dataset)
    if cache is None or files is None:
        x, label = read_images(dataset, index, size, channels, name)
        return DecodedImages(x, label, _digests(x, label))
    key = _key([files[position] for position in index.tolist()], size, channels)

    def write(x: Tensor, draft: Path) -> None:
        _, label = read_images(dataset, index, size, channels, name, into=x)
        np.save(draft / LABEL, label.numpy())
        np.save(draft / DIGEST, _digests(x, label).numpy())

    folder = _kept(cache / key, (len(index), channels, size, size), write)
    return DecodedImages(*(_mapped(folder / file) for file in (IMAGES, LABEL, DIGEST)))


def files_as_they_are(dataset: ImageDataset) -> list[File] | None:
    """The files of a data set whose images follow from them alone; None where transforms or code change what is read.

    Those are torchvision's folders and ours, read by torchvision or by us, without a transform.
    """
    if not isinstance(dataset, DatasetFolder):
        return getattr(dataset, "files_as_they_are", None)  # which images that we decoded before know
    reader = f"{dataset.loader.__module__}.{dataset.loader.__qualname__}"
    is_plain = type(dataset).__getitem__ is DatasetFolder.__getitem__ and reader.split(".")[0] in READERS
    changes = dataset.transform, dataset.target_transform, dataset.transforms
    return [(path, label, reader) for path, label in dataset.samples] if is_plain and not any(changes) else None


def corrupted(
    x: Tensor, digest: Tensor, corrupt: Corruption, index: NDArray[np.int64], stream: int, cache: Path
) -> Tensor:
    """Images corrupted, uint8 [N, C, H, W], from the cache where they are there.

    Args:
        x, digest: the clean ones, see `DecodedImages`.
        corrupt: what is done to them.
        index, stream: see `Corruption`.
        cache: folder of what is kept.
    """
    settings = [CORRUPTER, type(corrupt).__qualname__, vars(corrupt), stream]
    what = (json.dumps(settings, default=str).encode(), digest.numpy().tobytes(), index.tobytes())
    key = hashlib.sha256(b"".join(what)).hexdigest()[:24]
    folder = _kept(cache / key, tuple(x.shape), lambda into, _: corrupt(x.numpy(), index, stream, into=into.numpy()))
    return _mapped(folder / IMAGES)


def _kept(folder: Path, shape: tuple[int, ...], write: Callable[[Tensor, Path], Any]) -> Path:
    """The folder of images of a shape; written beside its place, and moved there once it is whole.

    Args:
        folder: see above.
        shape: of the images.
        write: fills the images, uint8, and adds files to the folder that it is given.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):  # programs that start at once write once
        if not folder.exists():
            draft = folder.with_suffix(".draft")
            draft.mkdir(exist_ok=True)
            try:
                images = np.lib.format.open_memmap(draft / IMAGES, "w+", np.uint8, shape)
                _allocate(draft / IMAGES)
                write(torch.from_numpy(images), draft)
                images.flush()
            except BaseException:  # an image that is refused, or a signal
                shutil.rmtree(draft)
                raise
            draft.replace(folder)
    return folder


def _allocate(path: Path) -> None:
    """Takes the disk that a file needs: where it is full, writing into the mapped file would kill the program."""
    if not hasattr(os, "posix_fallocate"):  # on macOS
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:  # of others than these, the file system just cannot
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise OSError(error.errno, error.strerror, str(path)) from None


def _mapped(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path, mmap_mode="c"))  # copy-on-write: what a program would change is its own


def _digests(x: Tensor, label: Tensor) -> Tensor:
    parts = zip(x.split(CHUNK), label.split(CHUNK), strict=True)
    return torch.cat([digests(*part) for part in parts]) if len(x) else torch.empty(0, dtype=torch.int64)


def _key(samples: list[File], size: int, channels: int) -> str:
    """What determines the images: their files, by name, size and time of change, in order, and how they are read."""
    files = [(str(Path(path).absolute()), *_state(path), label, reader) for path, label, reader in samples]
    return hashlib.sha256(json.dumps([READER, size, channels, files]).encode()).hexdigest()[:24]


def _state(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return 0, 0  # a link that leads nowhere, which is refused where it is read
    return found.st_size, found.st_mtime_ns
