"""Several networks that learnt the same with different seeds, as one classifier: a deep ensemble.

Lakshminarayanan et al. (2017), "Simple and scalable predictive uncertainty estimation using deep ensembles".
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Maps x to the logits float32 [N, M, K] of M networks, its members.

    Args:
        members: networks that map x to logits float32 [N, K].

    Examples:
        >>> from uqgen.classifiers.mlp import MLP
        >>> ensemble = Ensemble(MLP((2,), n_classes=3) for _ in range(5))
        >>> ensemble(torch.zeros(4, 2)).shape
        torch.Size([4, 5, 3])
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, x: Tensor) -> Tensor:
        """Logits float32 [N, M, K] of images float32 [N, C, H, W] in [-1, 1], or points [N, 2]."""
        return torch.stack([member(x) for member in self.members], dim=1)


def log_mean_probability(logits: Tensor) -> Tensor:
    """Log of the members' mean probabilities (section 2.4 there), float [N, K]; logits float [N, M, K]."""
    return logits.log_softmax(dim=2).logsumexp(dim=1) - math.log(logits.shape[1])


def predictive_logits(logits: Tensor) -> Tensor:
    """One distribution for each image, whatever the classifier.

    The softmax of what is returned is the mean of the members' probabilities; its log-sum-exp, which does not matter to
    a softmax but is the negative energy, is the mean of theirs.

    Args:
        logits: float [N, M, K] of an ensemble, or float [N, K] of one network, which are returned as they are.

    Returns:
        float [N, K].
    """
    if logits.dim() == 2:
        return logits
    return log_mean_probability(logits) + logits.logsumexp(dim=2).mean(dim=1, keepdim=True)
