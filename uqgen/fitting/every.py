"""The clock of all callbacks: images, not steps."""

import time
from abc import abstractmethod

import torch
from lightning import Callback, Trainer

from uqgen.generators.model import ConditionalModel
from uqgen.settings import require_integer


class EveryNImages(Callback):
    """Acts after the first step at which another `interval` images are complete, and at the end of the training.

    Args:
        interval: number of images between two acts.
        name: how the interval is called in the settings.

    Attributes:
        seconds: how long all its acts took.

    Raises:
        SettingError: the interval is not a positive integer.

    Examples:
        >>> class Report(EveryNImages):
        ...     def act(self, trainer, model):
        ...         print(model.n_images)
        >>> Report(interval=1_000, name="report_every").seconds
        0.0
    """

    def __init__(self, interval: int, name: str) -> None:
        require_integer(name, interval, 1)
        self.interval = interval
        self.seconds = 0.0
        self._acted_at = -1

    @abstractmethod
    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """What is to be done."""

    def on_train_batch_end(self, trainer: Trainer, model: ConditionalModel, *args: object) -> None:  # type: ignore[override]
        """Acts if this step completed an interval."""
        before = model.n_images - model.n_new
        if model.n_images // self.interval > before // self.interval:
            self._act_once(trainer, model)

    def on_train_end(self, trainer: Trainer, model: ConditionalModel) -> None:  # type: ignore[override]
        """Acts unless the last step already did."""
        self._act_once(trainer, model)

    def _act_once(self, trainer: Trainer, model: ConditionalModel) -> None:
        if self._acted_at != model.n_images:
            self._acted_at = model.n_images
            _wait_for(model.device)
            start = time.perf_counter()
            self.act(trainer, model)
            self.seconds += time.perf_counter() - start


def _wait_for(device: torch.device) -> None:
    """Steps that an accelerator has yet to compute are no part of an act."""
    if device.type != "cpu" and torch.accelerator.is_available():
        torch.accelerator.synchronize(device)
