"""Any map-style data set of images and classes: torchvision's, or one's own by its import path."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.utils.data import ConcatDataset, TensorDataset

from uqgen.data.corruption import Corruption
from uqgen.data.datamodule import SPLITS
from uqgen.data.image_datamodule import STREAMS, ImageDataModule
from uqgen.data.images import require_size
from uqgen.data.items import ImageDataset, file_of, item_name, read_classes, require_items
from uqgen.data.kept_images import corrupted, decoded, files_as_they_are
from uqgen.data.members import Members, copies, find_members
from uqgen.settings import SettingError, require, require_number

log = logging.getLogger(__name__)

DARK = 64  # of 255: white of 14 bits in files of 16


class DatasetDataModule(ImageDataModule):
    """Images of up to three data sets, whole in memory; what is not given is carved from `train`, class by class.

    Args:
        train: images and classes, as `ImageDataset` says.
        validation, test: the same for the other splits, or None.
        size: height and width in pixels that every image is scaled to; one of `uqgen.data.images.SIZES`.
        channels: 1 for grey, 3 for colour.
        class_names: K names in the order of the classes; None where `train` has them, in `classes`.
        validation_share, test_share: of `train`, for the splits that are not given.
        limit: at most so many images in each split, for quick trials; None for all.
        batch_size: images in a batch when a classifier is trained.
        seed: draws the splits, and the order of the images.
        corruption: what is done to the images, or None for images as they are.
        cache: folder where images that lie in files are kept once they are decoded; None decodes them each time.

    Raises:
        SettingError: a value is out of range, or there are no names.

    Examples:
        >>> from torch.utils.data import TensorDataset
        >>> images = TensorDataset(torch.zeros(100, 1, 8, 8, dtype=torch.uint8), torch.arange(100) % 2)
        >>> data = DatasetDataModule(images, size=8, channels=1, class_names=["left", "right"])
        >>> data.setup()  # doctest: +ELLIPSIS
        reading train ...
        >>> len(data.train), len(data.validation), len(data.test)
        (70, 10, 20)
    """

    def __init__(
        self,
        train: ImageDataset,
        validation: ImageDataset | None = None,
        test: ImageDataset | None = None,
        size: int = 32,
        channels: int = 3,
        class_names: Sequence[str] | None = None,
        validation_share: float = 0.1,
        test_share: float = 0.2,
        limit: int | None = None,
        batch_size: int = 128,
        seed: int = 0,
        corruption: Corruption | None = None,
        cache: str | Path | None = None,
    ) -> None:
        super().__init__(batch_size, limit, seed, corruption)
        require_size(size, channels)
        self.kept = None if cache is None else Path(cache) / "images"
        for name, share in {"validation_share": validation_share, "test_share": test_share}.items():
            require_number(name, share, 0.01, 0.9)
        names = require_names(getattr(train, "classes", ()) if class_names is None else class_names)
        given = {"train": train, "validation": validation, "test": test}
        self.sources = {split: source for split, source in given.items() if source is not None}
        for split, source in self.sources.items():
            require_items(source, split)
        self.shares = {"validation": validation_share, "test": test_share}
        self.class_names, self.n_classes = names, len(names)
        self.shape = (channels, size, size)

    def setup(self, stage: str = "fit") -> None:
        """Reads and splits the images."""
        if not hasattr(self, "train"):
            drawn = self._split().items()
            self._fill((split, self._read(self._source(split), index[: self.limit])) for split, index in drawn)

    def members(self) -> dict[str, Members]:
        """See `InMemoryDataModule`."""
        return {split: Members(images.digest, images.position) for split, images in self._images.items()}

    def keep(self, members: Mapping[str, Members]) -> None:
        """See `InMemoryDataModule`; every image gets the corruption that it had."""
        there = _Decoded(
            self.sources, [self._read(name, np.arange(len(source))) for name, source in self.sources.items()]
        )
        self._fill((split, self._still_there(split, old, there)) for split, old in members.items())

    def name_of(self, split: str, position: int) -> str:
        """See `InMemoryDataModule`; of a folder, the file."""
        place = int(self._images[split].place[position])
        for source in self.sources.values():
            if place < len(source):
                return file_of(source, place) or super().name_of(split, position)
            place -= len(source)
        raise AssertionError("every image comes from a source")

    def _still_there(self, split: str, old: Members, there: "_Decoded") -> "Images":
        """A split of the run, as far as it is there."""
        own, found = find_members(old.digest, there.digest)
        require(len(own) > 0, "allow_changed", True, f"false: none of the images of the {split} split is there")
        channels, size, _ = self.shape
        images = decoded(there, found.numpy(), size, channels, split, self.kept)
        return Images(*images, old.position[own], found)

    def _fill(self, splits: Iterable[tuple[str, "Images"]]) -> None:
        """Makes these images the splits; `identity` is their content."""
        content, self._images = hashlib.sha256(), {}
        for split, images in splits:
            source = self._source(split)
            data = self.labelled(
                images.x, images.label, images.position.numpy(), source, self._kept_corrupted(images, source)
            )
            content.update(images.digest.numpy().tobytes())  # of pixels and classes, before any corruption
            if self.corruption is not None:  # which follows from the positions, and from settings
                content.update(images.position.numpy().tobytes())
            setattr(self, split, data)
            if split == "train":
                _warn_of_dark(images.x[:1_000])
            self._images[split] = images._replace(x=images.x[:0].clone())  # which need not be there twice
        self._require_every_class()
        self._warn_of_missing_classes()
        self._warn_of_copies()
        self.identity = {"content": content.hexdigest()}

    def _require_every_class(self) -> None:
        """Raises a `SettingError` unless there is a training image of every class."""
        missing = set(range(self.n_classes)) - set(self.train.label.tolist())
        if not missing:
            return
        never = missing if self.limit is None else missing - set(read_classes(self.sources["train"], "train").tolist())
        absent = ", ".join(self.class_names[label] for label in sorted(never or missing))
        if never:
            allowed = f"names of classes that have training images; there is none of {absent}"
            raise SettingError("class_names", self.class_names, allowed)
        allowed = f"enough training images of every class; there is none of {absent}"
        raise SettingError("limit", self.limit, allowed)

    def _warn_of_missing_classes(self) -> None:
        """Tells of classes that are learnt and not measured."""
        for split in ("validation", "test"):
            missing = sorted(set(range(self.n_classes)) - set(self._images[split].label.tolist()))
            if missing:
                names = ", ".join(self.class_names[label] for label in missing)
                log.warning("no images in the %s split of these classes, of which it tells nothing: %s", split, names)

    def _warn_of_copies(self) -> None:
        """Tells of images that are in several splits: a classifier may know by heart what it is tested on."""
        parts = [self._images[split].digest for split in SPLITS]
        split = torch.arange(len(SPLITS)).repeat_interleave(torch.tensor(list(map(len, parts))))
        position = torch.cat([torch.arange(len(part)) for part in parts])
        found = copies(torch.cat(parts), split)
        if len(found):
            one, same = (self.name_of(SPLITS[split[place]], int(position[place])) for place in found[0])
            said = "%d images are in more than one split, with the same pixels (at this size) and class, "
            said += "such as %s and %s: a classifier seems better than it is on images that it was trained on"
            log.warning(said, len(found), one, same)

    def _kept_corrupted(self, images: "Images", source: str) -> Tensor | None:
        """Images of files as they are corrupted, mapped into memory as the clean ones are; None of other images."""
        if self.corruption is None or self.kept is None or files_as_they_are(self.sources[source]) is None:
            return None
        given = self.corruption, images.position.numpy(), STREAMS[source]
        return corrupted(images.x, images.digest, *given, self.kept)

    def _source(self, split: str) -> str:
        return split if split in self.sources else "train"

    def _split(self) -> dict[str, NDArray[np.int64]]:
        """Positions of each split in its data set, in random order."""
        rng = np.random.default_rng(self.seed)
        index = {split: rng.permutation(len(source)) for split, source in self.sources.items()}
        missing = [split for split in ("test", "validation") if split not in index]
        labels = read_classes(self.sources["train"], "train") if missing else np.empty(0, np.int64)
        for split in missing:
            size = max(round(self.shares[split] * len(labels)), len(set(labels.tolist())))  # one of each class at least
            try:
                index["train"], index[split] = train_test_split(
                    index["train"], test_size=size, stratify=labels[index["train"]], random_state=self.seed
                )
            except ValueError:
                raise self._too_few(split, labels, 1 + len(missing)) from None
            self._move_one_of_each(index, split, labels)
        return index

    def _too_few(self, split: str, labels: NDArray[np.int64], needed: int) -> SettingError:
        """Why a split cannot be taken from the training images."""
        self._require_in_range("train", torch.from_numpy(labels), np.arange(len(labels)))
        rarest, n = Counter(labels.tolist()).most_common()[-1]
        if n < needed:
            allowed = f"{needed} images of every class or more, one for each split that is taken from them"
            return SettingError("train", f"{n} images of {self.class_names[rarest]}", allowed)
        allowed = f"a share that leaves images of every class to each split, of {len(labels)} images in all"
        return SettingError(f"{split}_share", self.shares[split], allowed)

    @staticmethod
    def _move_one_of_each(index: dict[str, NDArray[np.int64]], split: str, labels: NDArray[np.int64]) -> None:
        """Of classes that a split lacks, since their share is less than an image, takes one of several for training."""
        for label in sorted(set(labels.tolist()) - set(labels[index[split]].tolist())):
            places = np.flatnonzero(labels[index["train"]] == label)
            if len(places) > 1:
                index[split] = np.append(index[split], index["train"][places[0]])
                index["train"] = np.delete(index["train"], places[0])

    def _read(self, source: str, index: NDArray[np.int64]) -> "Images":
        channels, size, _ = self.shape
        x, label, digest = decoded(self.sources[source], index, size, channels, source, self.kept)
        self._require_in_range(source, label, index)
        sizes = {name: len(dataset) for name, dataset in self.sources.items()}
        before = sum(list(sizes.values())[: list(sizes).index(source)])
        position = torch.from_numpy(index)
        return Images(x, label, digest, position, before + position)

    def _require_in_range(self, source: str, label: Tensor, index: NDArray[np.int64]) -> None:
        """Raises a `SettingError` unless the classes of these items have names."""
        for row in (label >= self.n_classes).nonzero()[:1, 0].tolist():
            item = f"{item_name(self.sources[source], int(index[row]))} of class {label[row]}"
            allowed = f"classes from 0 to {self.n_classes - 1}, as there are {self.n_classes} class_names"
            raise SettingError(source, item, allowed)


class Images(NamedTuple):
    """N images before any corruption.

    Attributes:
        x: uint8 [N, C, H, W]; or none, where the rest alone is kept.
        label: int64 [N].
        digest: int64 [N], see `uqgen.data.members`.
        position: int64 [N], in its source when the splits were drawn.
        place: int64 [N], in all sources one after the other, as they are.
    """

    x: Tensor
    label: Tensor
    digest: Tensor
    position: Tensor
    place: Tensor


class _Decoded(ConcatDataset[tuple[Tensor, ...]]):
    """All images as they were decoded, one source after the other, before any corruption.

    Attributes:
        files_as_they_are: see there, of all sources; None where one has none.
        digest: int64 [N], see `uqgen.data.members`.
    """

    def __init__(self, sources: Mapping[str, ImageDataset], parts: Sequence[Images]) -> None:
        super().__init__([TensorDataset(part.x, part.label) for part in parts])
        files = [files_as_they_are(source) for source in sources.values()]
        self.files_as_they_are = None if None in files else list(chain.from_iterable(each for each in files if each))
        self.digest = torch.cat([part.digest for part in parts])


def require_names(given: Any) -> list[str]:
    """The names of the classes, as text; raises a `SettingError` unless they are several, and differ."""
    is_several = isinstance(given, Iterable) and not isinstance(given, str)
    names = list(map(str, given)) if is_several else []
    allowed = "two names or more, all different, in the order of the classes"
    require(len(names) > 1 and len(set(names)) == len(names), "class_names", names if is_several else given, allowed)
    return names


def _warn_of_dark(x: Tensor) -> None:
    """Tells of pictures that are nearly black, as those of 12 bits are in files of 16, whose white is 65,535."""
    if (brightest := int(x.max())) <= DARK:
        said = "no pixel of %d training images is brighter than %d of 255: bring them to the levels of their type, "
        said += "where white is 255 of 8 bits, 65,535 of 16 bits and 1 of floats"
        log.warning(said, len(x), brightest)
