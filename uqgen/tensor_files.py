"""Tensors in files that are written whole and run no code when they are read."""

from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import torch

from uqgen.files import write_atomically
from uqgen.settings import SettingError


def save_tensors(content: Any, path: Path) -> None:
    """Writes tensors and plain values, whole or not at all."""
    buffer = BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())


def load_tensors(path: Path) -> Any:
    """Reads onto the CPU what `save_tensors` wrote; a file that holds anything else is refused, not executed.

    Raises:
        SettingError: the file is damaged.
    """
    with path.open("rb") as file:
        try:
            return read_tensors(file)
        except Exception as error:  # many kinds, as many as there are places of damage
            reason = " ".join(str(error).split())[:200]
            allowed = f"one that is whole, as uqgen wrote it ({reason}); if it is deleted, it is made anew if needed"
            raise SettingError("file", path, allowed) from error


def read_tensors(file: Path | BinaryIO) -> Any:
    """Reads tensors and plain values of anyone onto the CPU, and no code; raises what torch raises of other files."""
    return torch.load(file, map_location="cpu", weights_only=True)
