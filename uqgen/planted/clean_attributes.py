"""Attributes of images before any corruption: what the truth of a benchmark is made of."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uqgen.explanation.attributes import ATTRIBUTES, CHUNK, Pictures
from uqgen.tensor_files import load_tensors, save_tensors

USED = ("slant", "stroke thickness", "width")


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
