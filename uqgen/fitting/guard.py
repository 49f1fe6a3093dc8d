"""A training whose numbers are no longer finite stops at once."""

import torch
from lightning import Trainer

from uqgen.fitting.every import EveryNImages
from uqgen.generators.model import ConditionalModel
from uqgen.settings import ExplainedError


class DivergedError(ExplainedError, RuntimeError):
    """The training diverged; the last checkpoint is from before."""


class FiniteGuard(EveryNImages):
    """Stops the training when a weight is not finite.

    A loss that is not finite makes the gradients, and with the next step the weights, not finite.

    Examples:
        >>> FiniteGuard(interval=10_000, name="checkpoint_every").seconds
        0.0
    """

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """See `check_finite`."""
        check_finite(model)


def check_finite(model: ConditionalModel) -> None:
    """Looks at every weight, and waits for the device once.

    Raises:
        DivergedError: one is NaN or infinite.
    """
    finite = {name: torch.isfinite(weight).all() for name, weight in model.named_parameters()}
    if not torch.stack(list(finite.values())).all():
        name = next(name for name, is_finite in finite.items() if not is_finite)
        raise DivergedError(
            f"{name} is not finite after {model.n_images} images; the last checkpoint is from before. "
            "A lower model.training.learning_rate or a higher model.training.penalty_weight may help."
        )
