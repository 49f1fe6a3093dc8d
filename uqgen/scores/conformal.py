"""Size of a conformal prediction set: Romano et al. (2020), "Classification with valid and adaptive coverage" (APS).

The set of an image holds its true class with probability 1 - level, over images like those of the validation split.
It is filled from the most probable class on, up to a mass. Of the last class only a part is needed, and APS draws a
number to decide whether it belongs to the set; a score has to be a function of the image, so it is the mean over draws.
"""

import math

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.scores.score import score
from uqgen.settings import require

SMALLEST = 1e-6  # probability that is divided by


def _check(level: float) -> None:
    require(isinstance(level, int | float) and 0 < level < 1, "level", level, "between 0 and 1")


def _fit(logits: Tensor, labels: Tensor, level: float) -> dict[str, float]:
    p = logits.softmax(dim=1)
    own = p.gather(1, labels[:, None])
    before = p.where(p > own, 0).sum(dim=1)  # of classes that are more probable than the true one
    drawn = torch.rand(len(p), generator=seeding.generator(0)).to(p.device)
    needed = (before + drawn * own.squeeze(1)).sort().values
    rank = math.ceil((len(p) + 1) * (1 - level))
    return {"mass": float(needed[rank - 1].clamp_max(1)) if rank <= len(p) else 1.0}


@score(
    range=lambda n_classes, level: (0.0, float(n_classes)),
    high_means="uncertain",
    settings={"level": 0.1},
    check=_check,
    fit=_fit,
)
def conformal(logits: Tensor, labels: Tensor, level: float, mass: float | None = None) -> Tensor:
    """The mean size of the set: so many of the most probable classes as have the mass, and a share of the last of them.

    Until it is fitted the mass is 1 - level. Of an image of whose class the classifier is certain it is below 1: where
    the classifier is right more often than 1 - level, sets may be empty.
    """
    mass = 1 - level if mass is None else mass
    p = logits.softmax(dim=1).sort(dim=1, descending=True).values
    total = p.cumsum(dim=1)
    last = (total < mass).sum(dim=1, keepdim=True).clamp_max(p.shape[1] - 1)
    own = p.gather(1, last)
    share = (mass - total.gather(1, last) + own) / own.clamp_min(SMALLEST)
    return (last + share.clamp(0, 1)).squeeze(1)
