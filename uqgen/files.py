"""Files that are there whole or not at all."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file, and the folders above it; whoever reads meanwhile finds the old content or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a file can be renamed into place only within one file system.
    with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(content)
        draft.replace(path)


def read_rows(path: Path) -> list[dict[str, float]]:
    """The rows of a CSV file of numbers, without the empty cells; none where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: _number(cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def _number(cell: str) -> float:
    """A whole number where the cell is one, so that it is written again as it was."""
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
