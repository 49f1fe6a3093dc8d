"""Files that are there whole or not at all."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from uqgen.settings import SettingError


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file, and the folders above it; whoever reads meanwhile finds the old content or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a file can be renamed into place only within one file system.
    with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(content)
        draft.replace(path)


def read_json(path: Path, setting: str) -> Any:
    """What a file of JSON holds.

    Args:
        path: of the file, in UTF-8.
        setting: that named it, or a folder above it.

    Raises:
        SettingError: it is damaged.
    """
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise SettingError(setting, path, f"a file that is whole, as uqgen wrote it ({error})") from None


def read_rows(path: Path) -> list[dict[str, float]]:
    """The rows of a CSV file of numbers, without the empty cells; none where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: _number(cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def _number(cell: str) -> float:
    """A whole number where the cell is one, so that it is written again as it was."""
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
