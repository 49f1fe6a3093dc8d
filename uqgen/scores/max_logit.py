"""Maximum logit: Hendrycks et al. (2022), "Scaling out-of-distribution detection for real-world settings"."""

import math

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (-math.inf, math.inf), high_means="confident")
def max_logit(logits: Tensor, labels: Tensor) -> Tensor:
    """The highest logit, that of the most probable class: max_k logits_k."""
    return logits.amax(dim=1)
