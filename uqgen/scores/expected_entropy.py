"""Expected entropy of the members, in nats: what each of them finds uncertain on its own (aleatoric uncertainty).

Depeweg et al. (2018), "Decomposition of uncertainty in Bayesian deep learning", section 3.
"""

import math

from torch import Tensor

from uqgen.scores.entropy import shannon_entropy
from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, math.log(n_classes)), high_means="uncertain", needs_members=True)
def expected_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean over the members of -sum_k p_k log p_k."""
    return shannon_entropy(logits).mean(dim=1)
