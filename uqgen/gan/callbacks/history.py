"""The curves of a training, as a table that goes on where a checkpoint resumes."""

import csv
import time
from io import StringIO
from pathlib import Path

import torch
from lightning import Trainer

from uqgen.files import write_atomically
from uqgen.gan.callbacks.every import EveryNImages
from uqgen.gan.module import ConditionalGAN

COLUMNS = (
    "n_images",
    "d_loss",
    "g_loss",
    "penalty",
    "real_logit",
    "fake_logit",
    "path_length_penalty",
    "images_per_second",
    "gpu_memory_gib",
)


class History(EveryNImages):
    """Appends the means of the training quantities to a CSV file and hands them to the loggers, against n_images.

    Args:
        path: the CSV file.
        interval: number of images in a mean.
    """

    def __init__(self, path: Path, interval: int) -> None:
        super().__init__(interval, "log_every")
        self.path = path
        self._since: tuple[float, int] = (0.0, 0)

    def on_train_start(self, trainer: Trainer, gan: ConditionalGAN) -> None:  # type: ignore[override]
        """Drops the rows that a resumed training will write again."""
        self._since = (time.perf_counter(), gan.n_images)
        if trainer.is_global_zero:
            kept = [row for row in read_history(self.path) if row["n_images"] <= gan.n_images]
            write_atomically(self.path, _rows(kept, header=True).encode())

    def act(self, trainer: Trainer, gan: ConditionalGAN) -> None:
        """Adds a row."""
        means = gan.pop_means()
        now, (then, n_then) = time.perf_counter(), self._since
        self._since = (now, gan.n_images)
        means["images_per_second"] = (gan.n_images - n_then) / (now - then)
        if gan.device.type == "cuda":
            means["gpu_memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
        for logger in trainer.loggers:
            logger.log_metrics({f"train/{name}": value for name, value in means.items()}, step=gan.n_images)
        if trainer.is_global_zero:
            with self.path.open("a", newline="") as file:
                file.write(_rows([{"n_images": gan.n_images, **means}]))


def _rows(rows: list[dict[str, float]], header: bool = False) -> str:
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_history(path: Path) -> list[dict[str, float]]:
    """The rows of a history, without the empty cells; none where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]
