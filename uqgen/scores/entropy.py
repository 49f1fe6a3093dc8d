"""Entropy of the predicted distribution, in nats."""

import math

from torch import Tensor
from torch.special import entr

from uqgen.scores.score import score


@score(range=lambda n_classes: (0.0, math.log(n_classes)), high_means="uncertain")
def entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """-sum_k p_k log p_k with p = softmax(logits); 0 log 0 counts as 0."""
    return entr(logits.softmax(dim=1)).sum(dim=1)
