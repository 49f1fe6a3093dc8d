"""How much of what a change does to the target's score a judge sees, too."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap


def followed(change: Tensor, judged: Mapping[str, Tensor], n_resamples: int, seed: int) -> dict[str, Estimate]:
    """For each judge, the slope of the change of its own score on that of the target's, through 0.

    What the target follows and no judge does is adversarial.

    Args:
        change: float32 [N, D], of the target's score; what belongs to one image is resampled together.
        judged: the same of each judge.
        n_resamples, seed: of the bootstrap over images.

    Returns:
        NaN where the target's score never changes.
    """
    squares = change.double().square().sum(dim=1).numpy()
    products = {name: (change.double() * own.double()).sum(dim=1).numpy() for name, own in judged.items()}
    return {name: bootstrap(_slope, (each, squares), n_resamples, seed)["slope"] for name, each in products.items()}


def _slope(products: Floats, squares: Floats) -> dict[str, Floats]:
    with np.errstate(invalid="ignore"):
        return {"slope": products.sum(axis=-1) / squares.sum(axis=-1)}
