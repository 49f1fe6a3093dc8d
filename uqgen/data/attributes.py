"""Named attributes of images, and the registry that every attribute joins by being defined.

All are computed for many images at once. Those of shape are of the ink: what differs from the ground by more than half
of what the most different pixel does, after a blur that keeps specks of noise out. The ground is what the border of the
image mostly is, so ink may be bright on dark or dark on bright. As a full width at half maximum, it hardly depends on
how strong or how blurred a stroke is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pywt
import torch
from numpy.typing import NDArray
from rich.progress import track
from scipy import ndimage
from torch import Tensor

from uqgen.data.labelled import to_uint8

CHUNK = 500  # images measured at once
INK_BLUR = 1.0  # standard deviation, in pixels, of the blur before ink is told from ground
LEVEL = 1 / 255  # by which ink differs at least, so that rounding is none

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pictures:
    """Images as attributes take them.

    Attributes:
        grey: float64 [N, H, W] in [0, 1].
    """

    grey: Floats

    @cached_property
    def ink(self) -> NDArray[np.bool_]:
        """Whether a pixel is part of a stroke, [N, H, W]."""
        blurred = ndimage.gaussian_filter(self.grey, (0, INK_BLUR, INK_BLUR))
        border = np.concatenate([blurred[:, [0, -1], :], blurred[:, 1:-1, [0, -1]].swapaxes(1, 2)], axis=2)
        from_ground = np.abs(blurred - np.median(border, axis=(1, 2))[:, None, None])
        return from_ground > from_ground.max(axis=(1, 2), keepdims=True).clip(LEVEL) / 2


Measure = Callable[[Pictures], Floats]


@dataclass(frozen=True)
class Attribute:
    """One number that an image has, whatever a classifier thinks of it.

    Attributes:
        name: as it is written in tables.
        unit: of the number.
        measure: N pictures to float64 [N], finite.
    """

    name: str
    unit: str
    measure: Measure


ATTRIBUTES: dict[str, Attribute] = {}


def attribute(unit: str) -> Callable[[Measure], Measure]:
    """Decorator that registers a function as an `Attribute`; `stroke_thickness` is called "stroke thickness"."""

    def register(measure: Measure) -> Measure:
        name = measure.__name__.replace("_", " ")
        ATTRIBUTES[name] = Attribute(name, unit, measure)
        return measure

    return register


def measure_attributes(x: Tensor, what: str) -> Floats:
    """Every attribute of many images.

    Args:
        x: uint8 [N, C, H, W], or float32 in [-1, 1]; of several channels the mean is measured.
        what: the images are, for the progress bar.

    Returns:
        float64 [N, P], in the order of `ATTRIBUTES`.
    """
    chunks = list(x.split(CHUNK))
    shown = track(chunks, f"attributes, {what}") if len(chunks) > 1 else chunks  # one takes no time
    return np.concatenate([_measure(chunk) for chunk in shown])


def _measure(x: Tensor) -> Floats:
    levels = x if x.dtype == torch.uint8 else to_uint8(x)
    pictures = Pictures(levels.cpu().numpy().mean(axis=1) / 255)
    return np.stack([attribute.measure(pictures) for attribute in ATTRIBUTES.values()], axis=1)


@attribute("share of the range of pixels")
def noise_level(pictures: Pictures) -> Floats:
    """Standard deviation of the noise from wavelet coefficients: Donoho and Johnstone (1994), section 4.2.

    As with scikit-image's `estimate_sigma`, the median is of the coefficients that are not 0; a plain image has no
    noise.
    """
    finest = pywt.dwtn(pictures.grey, "db2", axes=(1, 2))["dd"]
    sizes = np.sort(np.abs(finest).reshape(len(finest), -1), axis=1)
    n, n_zero = sizes.shape[1], (sizes == 0).sum(axis=1)
    middle = np.stack([(n_zero + n - 1) // 2, (n_zero + n) // 2], axis=1)  # of those that are not 0, which stand last
    return np.take_along_axis(sizes, middle.clip(max=n - 1), axis=1).mean(axis=1) / NormalDist().inv_cdf(0.75)


@attribute("squared range of pixels")
def sharpness(pictures: Pictures) -> Floats:
    """Variance of the Laplacian: Pech-Pacheco et al. (2000), "Diatom autofocusing in brightfield microscopy"."""
    padded = np.pad(pictures.grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    along = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1]
    return (across + along - 4 * pictures.grey).var(axis=(1, 2))


@attribute("share of the range of pixels")
def brightness(pictures: Pictures) -> Floats:
    """Mean of the pixels."""
    return pictures.grey.mean(axis=(1, 2))


@attribute("share of the range of pixels")
def contrast(pictures: Pictures) -> Floats:
    """Standard deviation of the pixels."""
    return pictures.grey.std(axis=(1, 2))


@attribute("pixels")
def stroke_thickness(pictures: Pictures) -> Floats:
    """Twice the area by the perimeter, the width of a long stroke; 0 without ink.

    The perimeter is pi / 4 times the number of edges between ink and ground: Crofton's formula for two directions.
    """
    padded = np.pad(pictures.ink, ((0, 0), (1, 1), (1, 1))).astype(np.int8)
    edges = sum(np.abs(np.diff(padded, axis=axis)).sum(axis=(1, 2), dtype=np.float64) for axis in (1, 2))
    area = pictures.ink.sum(axis=(1, 2), dtype=np.float64)
    return 2 * area / np.maximum(np.pi / 4 * edges, 1)


@attribute("degrees")
def slant(pictures: Pictures) -> Floats:
    """How far an upright stroke leans to the right, from the second moments of the ink; 0 without ink."""
    ink = pictures.ink.astype(np.float64)
    height, width = ink.shape[1:]
    mass = np.maximum(ink.sum(axis=(1, 2)), 1)
    rows, columns = np.arange(height), np.arange(width)
    row_of_centre = ink.sum(axis=2) @ rows / mass
    column_of_centre = ink.sum(axis=1) @ columns / mass
    mixed = np.einsum("nij,i,j->n", ink, rows, columns, optimize=True) / mass - row_of_centre * column_of_centre
    upright = ink.sum(axis=2) @ rows**2 / mass - row_of_centre**2
    return -np.degrees(np.arctan2(mixed, np.maximum(upright, 1e-9)))  # rows count downwards


@attribute("pixels")
def width(pictures: Pictures) -> Floats:
    """Width of the box around the ink."""
    return _extent(pictures.ink, axis=1)


@attribute("pixels")
def height(pictures: Pictures) -> Floats:
    """Height of the box around the ink."""
    return _extent(pictures.ink, axis=2)


@attribute("share of the image")
def area(pictures: Pictures) -> Floats:
    """Share of the image that is ink."""
    return np.asarray(pictures.ink.mean(axis=(1, 2)), np.float64)


@attribute("number")
def holes(pictures: Pictures) -> Floats:
    """Number of parts of the ground that the ink encloses: its components less its Euler number."""
    ground = ~np.pad(pictures.ink, ((0, 0), (1, 1), (1, 1)))
    within_image = np.zeros((3, 3, 3), bool)
    within_image[1] = ndimage.generate_binary_structure(2, 1)
    labels, _ = ndimage.label(ground, within_image)
    part, first = np.unique(labels, return_index=True)
    image = first[part > 0] // ground[0].size  # every part lies in the image of its first pixel
    return np.bincount(image, minlength=len(ground)).astype(np.float64) - 1


def _extent(ink: NDArray[np.bool_], axis: int) -> Floats:
    """From the first to the last row or column with ink, [N, H, W] to [N]; 0 where there is none."""
    occupied = np.asarray(ink.any(axis=axis))
    span = occupied.shape[1] - occupied.argmax(axis=1) - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), span, 0).astype(np.float64)
