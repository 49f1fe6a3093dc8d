"""Generalised entropy: Liu et al. (2023), "GEN: pushing the limits of softmax-based out-of-distribution detection".

Equation 3 there, without its sign: high values mean uncertain, as those of the entropy do.
"""

import torch
from torch import Tensor

from uqgen.scores.score import score
from uqgen.settings import require, require_integer


def _check(gamma: float, m: int) -> None:
    in_range = isinstance(gamma, int | float) and 0 < gamma <= 1
    require(in_range, "gamma", gamma, "above 0, and 1 at most")
    require_integer("m", m, 1)


def _range(n_classes: int, gamma: float, m: int) -> tuple[float, float]:
    if m == 1:
        return 0.0, 0.25**gamma
    share = 1 / min(n_classes, m)  # terms are concave in p: the sum is highest of so many equal ones
    return 0.0, (share * (1 - share)) ** gamma / share


@score(range=_range, high_means="uncertain", settings={"gamma": 0.1, "m": 100}, check=_check)
def gen(logits: Tensor, labels: Tensor, gamma: float, m: int) -> Tensor:
    """The sum of p_k^gamma (1 - p_k)^gamma over the m most probable classes."""
    log_p = logits.log_softmax(dim=1).sort(dim=1, descending=True).values
    # Of the logarithm of 1 - p: for the first class p may be 1 to a float, for the others it is 1/2 at most.
    first, others = log_p[:, 1:].logsumexp(dim=1, keepdim=True), torch.log1p(-log_p[:, 1:].exp())
    terms = gamma * (log_p + torch.cat([first, others], dim=1))
    return terms[:, :m].exp().sum(dim=1)
