"""Entropy of the predicted distribution, in nats."""

import math

from torch import Tensor

from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, math.log(n_classes)), high_means="uncertain")
def entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The entropy -sum_k p_k log p_k of p = softmax(logits); 0 log 0 counts as 0."""
    return shannon_entropy(logits)


def shannon_entropy(logits: Tensor) -> Tensor:
    """Entropy in nats, float [...], of softmax(logits) over the last axis; logits float [..., K]."""
    log_p = logits.log_softmax(dim=-1)
    # Of p itself, the gradient were NaN where p is too small for a float; a minus before the sum would make 0 -0.
    return (log_p.exp() * -log_p).sum(dim=-1)
