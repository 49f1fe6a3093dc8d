"""How fast a training is, and how much memory it takes."""

import resource
import sys
import time

import torch
from lightning import Callback, Trainer

from uqgen.generators.model import ConditionalModel

MEASURED = ("images_per_second", "memory_gib")


class Speed(Callback):
    """Logs ``train/images_per_second`` since it was logged last, and the most memory in use so far, in GiB.

    Examples:
        >>> speed = Speed()
        >>> Trainer(callbacks=[speed]).fit(gan, scored)  # doctest: +SKIP
    """

    def on_train_start(self, trainer: Trainer, model: ConditionalModel) -> None:  # type: ignore[override]
        """Starts the clock."""
        self._since = (time.perf_counter(), model.n_images)

    def on_train_batch_end(self, trainer: Trainer, model: ConditionalModel, *args: object) -> None:  # type: ignore[override]
        """Logs at the steps that loggers are told of."""
        if model.is_logged:
            now, (then, n_then) = time.perf_counter(), self._since
            self._since = (now, model.n_images)
            values = ((model.n_images - n_then) / (now - then), peak_memory(model.device) / 2**30)
            model.log_dict({f"train/{name}": value for name, value in zip(MEASURED, values, strict=True)})


def peak_memory(device: torch.device) -> int:
    """The most bytes in use so far: on a GPU by tensors, else by the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
