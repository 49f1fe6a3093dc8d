"""One model's training, from its beginning or from its last checkpoint."""

import logging
from dataclasses import dataclass
from pathlib import Path

from lightning import Callback
from torch.utils.data import DataLoader

from uqgen.data.labelled import LabelledData
from uqgen.data.scored import ScoredBatches
from uqgen.generators.callbacks.checkpoint import Checkpoint
from uqgen.generators.callbacks.every import EveryNImages
from uqgen.generators.callbacks.guard import FiniteGuard
from uqgen.generators.callbacks.history import History
from uqgen.generators.callbacks.progress import ImageProgress
from uqgen.generators.model import ConditionalModel
from uqgen.hardware import Hardware
from uqgen.settings import require, require_integer
from uqgen.tensor_files import load_tensors
from uqgen.tracking.tracker import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intervals:
    """How often, in images, a training reports and saves.

    Attributes:
        log_every: a row in the history.
        samples_every: a grid of samples.
        evaluate_every: an evaluation on few images.
        checkpoint_every: a checkpoint; a multiple of `log_every`, so that a resumed history has no incomplete mean.

    Raises:
        SettingError: not so.
    """

    log_every: int = 1_000
    samples_every: int = 10_000
    evaluate_every: int = 50_000
    checkpoint_every: int = 10_000

    def __post_init__(self) -> None:
        for name in ("log_every", "samples_every", "evaluate_every", "checkpoint_every"):
            require_integer(name, getattr(self, name), 1)
        whole = self.checkpoint_every % self.log_every == 0
        require(whole, "checkpoint_every", self.checkpoint_every, f"a multiple of log_every={self.log_every}")


def fit(
    model: ConditionalModel,
    data: LabelledData,
    hardware: Hardware,
    intervals: Intervals,
    folder: Path,
    tracker: Tracker,
    callbacks: list[Callback],
) -> None:
    """Trains a model until it has seen as many images as its settings say.

    Where ``folder/last.ckpt`` is, the training goes on from there, and ends as if it had never stopped.

    Args:
        model: the networks and settings.
        data: real images, those whose conditions the model is trained on.
        hardware: where it is trained.
        intervals: how often it reports and saves.
        folder: of the checkpoint and the history.
        tracker: who is told of the history.
        callbacks: what else is to be done on the way.

    Raises:
        SettingError: the batch does not divide among the devices.
        DivergedError: a weight is no longer finite.
    """
    batch_size = model.settings.batch_size
    model.settings.check_batch(hardware.world_size, model.group)
    require(batch_size <= len(data), "batch_size", batch_size, f"at most the {len(data)} training images")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "last.ckpt"
    seen = load_tensors(checkpoint)["n_images"] if checkpoint.exists() else 0
    if seen >= model.settings.n_images:
        model.load_state_dict(load_tensors(checkpoint)["state_dict"])
        model.n_images = seen
        return
    every_callback = [
        ImageProgress(),
        FiniteGuard(intervals.log_every, "log_every"),
        History(folder / "history.csv", intervals.log_every, tracker),
        *callbacks,
        Checkpoint(checkpoint, intervals.checkpoint_every),  # last: what was done before it is not done again
    ]
    trainer = hardware.trainer(
        precision=hardware.model_precision(),
        max_epochs=1,
        strategy=model.strategy,
        callbacks=every_callback,
        use_distributed_sampler=False,
    )
    steps = range(seen // batch_size, -(-model.settings.n_images // batch_size))
    batches = ScoredBatches(data, model.conditions, batch_size, steps, model.settings.seed)
    loader = DataLoader(batches, batch_size=None)
    trainer.fit(model, loader, ckpt_path=checkpoint if seen else None, weights_only=True)
    spent = [f"{type(c).__name__} {c.seconds:.1f} s" for c in every_callback if isinstance(c, EveryNImages)]
    log.info("in the training, spent on %s", ", ".join(spent))
