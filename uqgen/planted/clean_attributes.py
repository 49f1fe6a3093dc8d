"""Attributes of images before any corruption: what the truth of a benchmark is made of."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uqgen.data.attributes import ATTRIBUTES, CHUNK, Pictures
from uqgen.data.datamodule import SPLITS, InMemoryDataModule
from uqgen.data.labelled import LabelledData
from uqgen.tensor_files import load_tensors, save_tensors

log = logging.getLogger(__name__)

USED = ("slant", "stroke thickness", "width")


def uncorrupted(
    data: InMemoryDataModule, settings: Mapping[str, Any], build: Callable[[], InMemoryDataModule]
) -> InMemoryDataModule:
    """The same images before any corruption, in the same places.

    Args:
        data: images, set up.
        settings: those of the data.
        build: makes the data module of these settings with `corruption=None`, not set up.

    Raises:
        SettingError: without a corruption the data module holds other images.
    """
    if settings.get("corruption") is None:
        if any(getattr(data, split).corruption.any() for split in SPLITS):
            log.warning("data has no setting corruption: slant, thickness and width are of the images as they are")
        return data
    clean = build()
    clean.setup()
    if not _has_the_images_of(clean, data):  # files changed since the run began, so that other splits are drawn
        clean.keep(data.members())
    return clean


def _has_the_images_of(clean: InMemoryDataModule, data: InMemoryDataModule) -> bool:
    """Whether each place has the same image, as far as images without a corruption and classes tell."""
    return all(_agree(getattr(clean, split), getattr(data, split)) for split in SPLITS)


def _agree(clean: LabelledData, data: LabelledData) -> bool:
    plain = data.corruption == 0
    return clean.label.equal(data.label) and clean.x[plain].equal(data.x[plain])


def clean_attributes(x: dict[str, Tensor], folder: Path) -> dict[str, dict[str, NDArray[np.float64]]]:
    """The attributes that weaknesses are made of, by split and name; measured once and kept.

    Args:
        x: for each split, uint8 [N, C, H, W] without corruption.
        folder: where they are kept.
    """
    path = folder / "attributes.pt"
    if not path.exists():
        save_tensors({split: torch.from_numpy(_measure(images)) for split, images in x.items()}, path)
    return {split: dict(zip(USED, found.numpy(), strict=True)) for split, found in load_tensors(path).items()}


def _measure(x: Tensor) -> NDArray[np.float64]:
    """float64 [attributes, N]."""
    pictures = (Pictures(chunk.numpy().mean(axis=1) / 255) for chunk in x.split(CHUNK))
    measured = [np.stack([ATTRIBUTES[name].measure(each) for name in USED]) for each in pictures]
    return np.concatenate(measured, axis=1)
