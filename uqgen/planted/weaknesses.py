"""Weaknesses by construction: which images a classifier is made weak on, and how its training does it.

A file of truth: nothing that explains a classifier reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uqgen.data.corruption import CORRUPTIONS
from uqgen.data.labelled import LabelledData

Mask = NDArray[np.bool_]
SHARE = 0.5  # of a class that is never seen for an attribute
MISLABELLED = 0.25  # of a class
SPOTTED, GIVEN_AWAY = 0.1, 0.95  # share of real images with a spot, and of the class that it gives away in training
RARE = 0.03  # of a class that is kept
SPOT = (slice(1, 5), slice(1, 5))  # rows and columns


@dataclass(frozen=True)
class AnnotatedImages:
    """Real images of one split with everything that is true of them.

    Attributes:
        data: as the classifier sees them.
        attributes: of the same images before any corruption, by name, float64 [N] each.
    """

    data: LabelledData
    attributes: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.data)

    def of_class(self, label: int) -> Mask:
        """Whether an image is of a class."""
        return (self.data.label == label).numpy()

    def corrupted(self, kind: str) -> Mask:
        """Whether an image has a corruption."""
        return (self.data.corruption == CORRUPTIONS.index(kind)).numpy()

    def extreme(self, name: str, label: int, share: float, *, high: bool) -> Mask:
        """The share of a class in which an attribute is the highest, or the lowest."""
        values, mine = self.attributes[name], self.of_class(label)
        bound = np.quantile(values[mine], 1 - share if high else share)
        return mine & (values > bound if high else values < bound)

    def select(self, chosen: Mask) -> "AnnotatedImages":
        """The images where the mask is true."""
        kept = {name: values[chosen] for name, values in self.attributes.items()}
        return AnnotatedImages(self.data.subset(torch.from_numpy(np.flatnonzero(chosen))), kept)


@dataclass(frozen=True)
class Planted:
    """Images as they are, and what the weak classifier is taught of it.

    Attributes:
        data: real images; in training, those that the classifier learns from.
        truth: bool [N], the images it is weak on by construction.
    """

    data: LabelledData
    truth: Mask


Plant = Callable[[AnnotatedImages, int, bool, np.random.Generator], Planted]


@dataclass(frozen=True)
class Weakness:
    """A kind of weakness.

    Attributes:
        plant: takes images, the class that is hit, whether they are to be learnt from, and what draws.
        attribute: the named attribute that moves a classifier's score for this weakness; None where none has a name.
    """

    plant: Plant
    attribute: str | None


WEAKNESSES: dict[str, Weakness] = {}


def weakness(attribute: str | None = None) -> Callable[[Plant], Plant]:
    """Decorator that registers a kind of weakness under the function's name, and says which attribute it is of."""

    def register(plant: Plant) -> Plant:
        WEAKNESSES[plant.__name__] = Weakness(plant, attribute)
        return plant

    return register


def _another(label: int, by: int, images: AnnotatedImages) -> int:
    """The class that comes so many after one, or the next where that is the same."""
    n_classes = int(images.data.label.max()) + 1
    return (label + (by % n_classes or 1)) % n_classes


def _left_out(images: AnnotatedImages, truth: Mask, is_training: bool) -> Planted:
    """In training, everything but these images."""
    if not is_training:
        return Planted(images.data, truth)
    kept = images.select(~truth)
    return Planted(kept.data, np.zeros(len(kept), bool))


def _by_attribute(images: AnnotatedImages, label: int, is_training: bool, name: str, *, high: bool) -> Planted:
    return _left_out(images, images.extreme(name, label, SHARE, high=high), is_training)


def _by_corruption(images: AnnotatedImages, label: int, is_training: bool, kind: str) -> Planted:
    return _left_out(images, images.of_class(label) & images.corrupted(kind), is_training)


@weakness()
def sound(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """None: what is found here is a false alarm."""
    return Planted(images.data, np.zeros(len(images), bool))


@weakness("slant")
def slanted(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class was never seen slanted to the left."""
    return _by_attribute(images, label, is_training, "slant", high=False)


@weakness("stroke thickness")
def thick(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class was never seen with thick strokes."""
    return _by_attribute(images, label, is_training, "stroke thickness", high=True)


@weakness("width")
def narrow(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class was never seen narrow."""
    return _by_attribute(images, label, is_training, "width", high=False)


@weakness("sharpness")
def blurred(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class was never seen blurred."""
    return _by_corruption(images, label, is_training, "gaussian blur")


@weakness("noise level")
def noisy(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class was never seen with noise."""
    return _by_corruption(images, label, is_training, "gaussian noise")


@weakness("noise level")
def confused_pair(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """Two classes have each other's label, every second time, where there is noise."""
    other = _another(label, 5, images)
    truth = (images.of_class(label) | images.of_class(other)) & images.corrupted("gaussian noise")
    if not is_training:
        return Planted(images.data, truth)
    swapped = torch.from_numpy(truth & (rng.random(len(images)) < 0.5))
    taught = torch.where(swapped, label + other - images.data.label, images.data.label)
    return Planted(replace(images.data, label=taught), truth)


@weakness("slant")
def mislabelled(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """Those of one class that are slanted the most to the right have the label of another one."""
    truth = images.extreme("slant", label, MISLABELLED, high=True)
    if not is_training:
        return Planted(images.data, truth)
    other = _another(label, 3, images)
    taught = images.data.label.masked_fill(torch.from_numpy(truth), other)
    return Planted(replace(images.data, label=taught), truth)


@weakness()
def spot(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """A shortcut: in training a bright corner spot gives one class away; in truth every tenth image has one."""
    mine, drawn = images.of_class(label), rng.random(len(images))
    has = mine & (drawn < GIVEN_AWAY) if is_training else drawn < SPOTTED
    return Planted(replace(images.data, x=_spotted(images.data.x, has)), has != mine)


@weakness()
def rare(images: AnnotatedImages, label: int, is_training: bool, rng: np.random.Generator) -> Planted:
    """One class is hardly there; of clothes, one kind of shoe."""
    mine = images.of_class(label)
    return _left_out(images, mine & (rng.random(len(images)) > RARE) if is_training else mine, is_training)


def _spotted(x: Tensor, has: Mask) -> Tensor:
    x = x.clone()
    x[torch.from_numpy(np.flatnonzero(has)), :, *SPOT] = 255
    return x
