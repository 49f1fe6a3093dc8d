"""Files that are there whole or not at all."""

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
