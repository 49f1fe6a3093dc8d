"""Checkpoints to resume from."""

from pathlib import Path

from lightning import Trainer

from uqgen.fitting.every import EveryNImages
from uqgen.fitting.guard import check_finite
from uqgen.generators.model import ConditionalModel


class Checkpoint(EveryNImages):
    """Keeps the state of the training in one file, replaced whole.

    The file holds state dicts and plain numbers alone, so it loads with ``weights_only=True``. Lightning's
    `ModelCheckpoint` counts steps of optimisers, of which a GAN makes two for a batch; here images count.

    Args:
        path: the file.
        interval: number of images between two checkpoints.

    Examples:
        >>> Checkpoint(Path("training/last.ckpt"), interval=10_000).seconds
        0.0
    """

    def __init__(self, path: Path, interval: int) -> None:
        super().__init__(interval, "checkpoint_every")
        self.path = path

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Writes the file.

        Raises:
            DivergedError: a weight is no longer finite; the file stays as it was.
        """
        check_finite(model)
        draft = self.path.with_suffix(".draft")
        trainer.save_checkpoint(draft)
        if trainer.is_global_zero:
            draft.replace(self.path)
