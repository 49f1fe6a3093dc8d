"""Progress of a training in images, with their rate and the time left."""

import logging

from lightning import Callback, Trainer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from uqgen.generators.model import ConditionalModel

log = logging.getLogger(__name__)
N_LINES = 10  # where there is no terminal to draw a bar in


class ImageProgress(Callback):
    """A bar in a terminal; elsewhere a line for every tenth of the training.

    Examples:
        >>> progress = ImageProgress()
        >>> Trainer(callbacks=[progress], enable_progress_bar=False).fit(gan, scored)  # doctest: +SKIP
    """

    def __init__(self) -> None:
        self.progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("images"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )

    def on_train_start(self, trainer: Trainer, model: ConditionalModel) -> None:  # type: ignore[override]
        """Starts at what was done before."""
        if trainer.is_global_zero:
            self.task = self.progress.add_task("", total=model.settings.n_images, completed=model.n_images, rate="")
            self.progress.start()

    def on_train_batch_end(self, trainer: Trainer, model: ConditionalModel, *args: object) -> None:  # type: ignore[override]
        """Moves on."""
        if not trainer.is_global_zero:
            return
        speed = self.progress.tasks[self.task].speed
        rate = f"{speed:,.0f} images/s" if speed else ""
        self.progress.update(self.task, completed=model.n_images, rate=rate)
        tenth = model.settings.n_images / N_LINES
        is_next = model.n_images // tenth > (model.n_images - model.n_new) // tenth
        if is_next and not self.progress.console.is_terminal:
            log.info("trained on %s of %s images, %s", f"{model.n_images:,}", f"{model.settings.n_images:,}", rate)

    def on_train_end(self, trainer: Trainer, model: ConditionalModel) -> None:  # type: ignore[override]
        """Leaves the terminal as it was."""
        self.progress.stop()

    def on_exception(self, trainer: Trainer, model: ConditionalModel, exception: BaseException) -> None:  # type: ignore[override]
        """Leaves the terminal as it was."""
        self.progress.stop()
