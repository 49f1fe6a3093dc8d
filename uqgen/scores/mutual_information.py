"""Mutual information of class and network, in nats: what the members disagree about (epistemic uncertainty).

Houlsby et al. (2011), "Bayesian active learning for classification and preference learning" (BALD), equation 2.
"""

import math

from torch import Tensor

from uqgen.classifiers.ensemble import log_mean_probability
from uqgen.scores.entropy import shannon_entropy
from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, math.log(n_classes)), high_means="uncertain", needs_members=True)
def mutual_information(logits: Tensor, labels: Tensor) -> Tensor:
    """The entropy of the members' mean probabilities less the mean of their entropies; of M members at most log M."""
    expected = shannon_entropy(logits).mean(dim=1)
    return (shannon_entropy(log_mean_probability(logits)) - expected).clamp_min(0)  # rounding can leave -1e-7
