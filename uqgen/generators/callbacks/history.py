"""The curves of a training, as a table that goes on where a checkpoint resumes."""

import csv
import resource
import sys
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import torch
from lightning import Trainer

from uqgen.files import read_rows, write_atomically
from uqgen.generators.callbacks.every import EveryNImages
from uqgen.generators.model import ConditionalModel
from uqgen.tracking.tracker import Tracker

MEASURED = ("images_per_second", "memory_gib")


class History(EveryNImages):
    """Appends the means of the training quantities to a CSV file and hands them to a tracker, against n_images.

    Args:
        path: the CSV file.
        interval: number of images in a mean.
        tracker: who is told.
    """

    def __init__(self, path: Path, interval: int, tracker: Tracker) -> None:
        super().__init__(interval, "log_every")
        self.path, self.tracker = path, tracker
        self._since: tuple[float, int] = (0.0, 0)

    def on_train_start(self, trainer: Trainer, model: ConditionalModel) -> None:  # type: ignore[override]
        """Drops the rows that a resumed training will write again."""
        self._since = (time.perf_counter(), model.n_images)
        if trainer.is_global_zero:
            kept = rows_until(self.path, model.n_images)
            write_atomically(self.path, rows_as_csv(kept, columns(model), header=True).encode())

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Adds a row."""
        means = model.pop_means()
        now, (then, n_then) = time.perf_counter(), self._since
        self._since = (now, model.n_images)
        means["images_per_second"] = (model.n_images - n_then) / (now - then)
        means["memory_gib"] = peak_memory(model.device) / 2**30
        if trainer.is_global_zero:
            self.tracker.scalars({f"train/{name}": value for name, value in means.items()}, model.n_images)
            with self.path.open("a", newline="") as file:
                file.write(rows_as_csv([{"n_images": model.n_images, **means}], columns(model)))


def columns(model: ConditionalModel) -> tuple[str, ...]:
    """Names of the columns of a model's history."""
    return ("n_images", *model.quantities, *MEASURED)


def peak_memory(device: torch.device) -> int:
    """The most bytes in use so far: on a GPU by tensors, else by the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def rows_as_csv(rows: list[dict[str, float]], columns: Sequence[str], header: bool = False) -> str:
    """Rows as lines of a CSV file."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def rows_until(path: Path, n_images: int) -> list[dict[str, float]]:
    """The rows that a training resumed at so many images will not write again."""
    return [row for row in read_rows(path) if row["n_images"] <= n_images]
