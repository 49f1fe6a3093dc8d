"""One model's training, from its beginning or from its last checkpoint."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning import Callback
from lightning.pytorch.loggers import Logger

from uqgen.conditioning.scored_datamodule import ScoredDataModule
from uqgen.fitting.checkpoint import Checkpoint
from uqgen.fitting.every import EveryNImages
from uqgen.fitting.guard import FiniteGuard
from uqgen.fitting.speed import MEASURED, Speed
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import Hardware
from uqgen.loggers.history import HistoryLogger
from uqgen.settings import require_integer
from uqgen.tensor_files import load_tensors

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intervals:
    """How often, in images, a training reports and saves.

    Attributes:
        log_every: a row in the history.
        samples_every: a grid of samples.
        evaluate_every: an evaluation on few images.
        checkpoint_every: a checkpoint.

    Raises:
        SettingError: not so.

    Examples:
        >>> Intervals(evaluate_every=20_000).checkpoint_every
        10000
    """

    log_every: int = 1_000
    samples_every: int = 10_000
    evaluate_every: int = 50_000
    checkpoint_every: int = 10_000

    def __post_init__(self) -> None:
        for name in ("log_every", "samples_every", "evaluate_every", "checkpoint_every"):
            require_integer(name, getattr(self, name), 1)


def fit(
    model: ConditionalModel,
    data: ScoredDataModule,
    hardware: Hardware,
    intervals: Intervals,
    folder: Path,
    loggers: list[Logger],
    callbacks: list[Callback],
) -> None:
    """Trains a model until it has seen as many images as its settings say.

    Where ``folder/last.ckpt`` is, the training goes on from there, and ends as if it had never stopped.

    Args:
        model: the networks and settings.
        data: what it is trained on.
        hardware: where it is trained.
        intervals: how often it reports and saves.
        folder: of the checkpoint and the history.
        loggers: where the history is logged, beside its file.
        callbacks: what else is to be done on the way.

    Raises:
        SettingError: the batch does not divide among the devices.
        DivergedError: a weight is no longer finite.
    """
    model.settings.check_batch(hardware.world_size, model.group)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "last.ckpt"
    kept: dict[str, Any] = load_tensors(checkpoint) if checkpoint.exists() else {"n_images": 0}
    if kept["n_images"] >= model.settings.n_images:
        model.load_state_dict(kept["state_dict"])
        model.n_images = kept["n_images"]
        return
    every_callback = [
        FiniteGuard(intervals.log_every, "log_every"),
        Speed(),
        *callbacks,
        Checkpoint(checkpoint, intervals.checkpoint_every),  # last: what was done before it is not done again
    ]
    history = HistoryLogger(folder / "history.csv", (*model.quantities, *MEASURED), kept["n_images"])
    settings: dict[str, Any] = {
        "precision": hardware.model_precision(),
        "max_epochs": 1,
        "log_every_n_steps": max(1, intervals.log_every // data.batch_size),
        "limit_val_batches": 0,  # the evaluations on the way measure more than a validation step
        "callbacks": every_callback,
        "logger": [history, *loggers],
    }
    trainer = hardware.trainer(**settings | dict(hardware.flags))
    trainer.fit(model, datamodule=data, ckpt_path=checkpoint if kept["n_images"] else None, weights_only=True)
    spent = [f"{type(c).__name__} {c.seconds:.1f} s" for c in every_callback if isinstance(c, EveryNImages)]
    log.info("in the training, spent on %s", ", ".join(spent))
