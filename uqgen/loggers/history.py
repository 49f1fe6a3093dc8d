"""The curves of a training, as a table that goes on where a checkpoint resumes."""

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from uqgen.files import read_rows, write_atomically

TRAIN = "train/"


class HistoryLogger(Logger):
    """Writes what is logged as ``train/...`` to a CSV file, one row each time, against the number of images.

    Lightning's own CSVLogger begins a new table with each start.

    Args:
        path: the CSV file.
        names: of what is logged, without ``train/``.
        n_images: where the training starts; rows that it will write again are dropped.

    Examples:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     logger = HistoryLogger(Path(folder) / "history.csv", ["d_loss"], n_images=0)
        ...     logger.log_metrics({"train/d_loss": 0.5}, step=1000)
        ...     print((Path(folder) / "history.csv").read_text().strip())
        n_images,d_loss
        1000,0.5
    """

    def __init__(self, path: Path, names: Sequence[str], n_images: int) -> None:
        super().__init__()
        self.path, self.columns = path, ("n_images", *names)
        self._start(n_images)

    @property
    def name(self) -> str:
        """What Lightning calls it."""
        return "history"

    @property
    def version(self) -> str:
        """One for all."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The run's folder holds them already."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Adds a row, unless none of the metrics is of the training."""
        found = {name.removeprefix(TRAIN): value for name, value in metrics.items() if name.startswith(TRAIN)}
        row = {name: value for name, value in found.items() if not math.isnan(value)}
        if row:
            with self.path.open("a", newline="") as file:
                file.write(rows_as_csv([{"n_images": step, **row}], self.columns))

    @rank_zero_only
    def _start(self, n_images: int) -> None:
        kept = rows_until(self.path, n_images)
        write_atomically(self.path, rows_as_csv(kept, self.columns, header=True).encode())


def rows_as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], header: bool = False) -> str:
    """Rows as lines of a CSV file."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def rows_until(path: Path, n_images: int) -> list[dict[str, float]]:
    """The rows that a training resumed at so many images will not write again."""
    return [row for row in read_rows(path) if row["n_images"] <= n_images]
