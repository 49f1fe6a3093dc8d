"""Tensors in files that are written whole and run no code when they are read."""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from uqgen.files import write_atomically


def save_tensors(content: Any, path: Path) -> None:
    """Writes tensors and plain values, whole or not at all."""
    buffer = BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())


def load_tensors(path: Path) -> Any:
    """Reads tensors and plain values onto the CPU; a file that holds anything else is refused, not executed."""
    return torch.load(path, map_location="cpu", weights_only=True)
