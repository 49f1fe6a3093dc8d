"""Whether images are taken for what they are to be."""

import numpy as np
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.evaluation.bootstrap import Estimate, bootstrap


def class_agreement(logits: Tensor, label: Tensor, n_resamples: int) -> Estimate:
    """Share of images whose most probable class is the one asked, or, of real images, their own.

    Args:
        logits: float32 [N, K] or [N, M, K].
        label: int64 [N].
        n_resamples: number of bootstrap resamples.
    """
    agrees = (predictive_logits(logits).argmax(dim=1) == label).numpy().astype(np.float64)
    return bootstrap(lambda a: {"share": a.mean(axis=-1)}, (agrees,), n_resamples)["share"]
