"""The items of any map-style data set: an image and its class each, or why it is none."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset
from torchvision.datasets import DatasetFolder

from uqgen.settings import SettingError, plain_number, require

NAMED, ENOUGH = 3, 100  # broken items that are named beside the first, and after which no more are sought
NUMBERS = "biuf"  # NumPy's letters for what numbers are: truth values, integers without and with sign, floats


class ImageDataset(Sized, Protocol):
    """A map-style data set of images and classes: torchvision's, or any of one's own."""

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """An image, as `fit_image` takes it, and its class, 0 to K - 1."""


class Taken(Dataset[Any]):
    """What is taken of the items of a data set; in place of an item of which nothing can be, why."""

    def __init__(self, dataset: ImageDataset, take: Callable[[Any, Any], Any]) -> None:
        self.dataset, self.take = dataset, take

    def __getitem__(self, position: int) -> Any:
        try:
            item: Any = self.dataset[position]
            if not isinstance(item, tuple | list) or len(item) != 2:
                raise ValueError(f"an item is (image, class), not {_kind(item)}")
            return self.take(*item)
        except Exception as error:  # whatever a foreign data set or a broken file raises
            said = str(error) if isinstance(error, ValueError | OSError) else repr(error)
            return " ".join(said.split())[:200]


def whole(found: Iterable[Any], dataset: ImageDataset, index: NDArray[np.int64], name: str) -> Iterator[Any]:
    """What `Taken` gave of these items, in order.

    Args:
        found: of each item.
        dataset: whose items they are.
        index: int64 [N], which.
        name: of the setting that gave the data set.

    Raises:
        SettingError: of items nothing could be taken. It is raised after the last one, or once there are many, and
            names the first few.
    """
    broken: list[tuple[str, str]] = []
    for position, item in zip(index.tolist(), found, strict=True):
        if not isinstance(item, str):
            yield item
            continue
        broken.append((item_name(dataset, position), item))
        if len(broken) == ENOUGH:
            break
    if broken:
        (first, why), others = broken[0], [other for other, _ in broken[1:]]
        raise SettingError(name, first, f"an image and its class ({why}){_more(others)}")


def read_classes(dataset: ImageDataset, name: str) -> NDArray[np.int64]:
    """The class of every image, int64 [N]; from the images where the data set does not list classes as `targets`.

    Args:
        dataset: images and classes.
        name: of the setting that gave the data set, for errors.

    Raises:
        SettingError: the class of an image cannot be read, or is no integer.
    """
    index = np.arange(len(dataset))
    listed = _targets(dataset)
    is_plain = listed.shape == index.shape and listed.dtype.kind in NUMBERS
    if is_plain and bool((listed % 1 == 0).all() and (listed >= 0).all()):
        return listed.astype(np.int64)
    taken = Taken(dataset, _class_alone)
    return np.fromiter(whole(map(taken.__getitem__, index.tolist()), dataset, index, name), np.int64)


def require_items(dataset: Any, name: str) -> None:
    """Raises a `SettingError` unless a data set is map-style, and has items."""
    allowed = "a map-style data set of (image, class), with __len__ and __getitem__, and an item at least"
    try:
        is_one = hasattr(dataset, "__getitem__") and len(dataset) > 0
    except (TypeError, NotImplementedError):
        is_one = False
    require(is_one, name, type(dataset).__qualname__, allowed)


def class_index(value: Any) -> int:
    """The class of an image as an integer: of a number or an array of one number, whose value is an integer.

    Raises:
        ValueError: it is anything else.
    """
    number = np.asarray(plain_number(value))
    is_number = number.size == 1 and number.dtype.kind in NUMBERS
    if is_number and number.item() >= 0 and float(number.item()).is_integer():
        return int(number.item())
    raise ValueError(f"a class is an integer from 0 on, not {value!r}")


def item_name(dataset: ImageDataset, position: int) -> str:
    """How an item of a data set is called where a person is to find it."""
    return file_of(dataset, position) or f"image {position}"


def file_of(dataset: ImageDataset, position: int) -> str | None:
    """The file of an image of torchvision's folders; None of any other data set."""
    return str(dataset.samples[position][0]) if isinstance(dataset, DatasetFolder) else None


def _class_alone(_: Any, label: Any) -> int:
    return class_index(label)


def _more(others: list[str]) -> str:
    """The words for further items that are broken."""
    if not others:
        return ""
    number = f"at least {len(others)}" if len(others) == ENOUGH - 1 else str(len(others))
    return f"; {number} more are refused, too: {', '.join(others[:NAMED])}{', ...' if len(others) > NAMED else ''}"


def _targets(dataset: ImageDataset) -> NDArray[Any]:
    """What a data set lists as classes; none where it lists nothing that is an array."""
    try:
        return np.asarray(getattr(dataset, "targets", ()))
    except (TypeError, ValueError):  # lists of different lengths, or a tensor on a GPU
        return np.empty(0)


def _kind(item: Any) -> str:
    """What an item is, in words."""
    if isinstance(item, tuple | list):
        return f"{len(item)} values"
    return f"a dict of {', '.join(map(str, item))}" if isinstance(item, dict) else repr(item)[:80]
