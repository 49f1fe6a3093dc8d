"""Free energy of the logits: Liu et al. (2020), "Energy-based out-of-distribution detection", equation 4 at T = 1."""

import math

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (-math.inf, math.inf), high_means="uncertain")
def energy(logits: Tensor, labels: Tensor) -> Tensor:
    """The free energy of the logits, -log sum_k exp(logits_k)."""
    return -logits.logsumexp(dim=1)
