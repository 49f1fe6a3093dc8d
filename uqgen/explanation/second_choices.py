"""Between which classes the classifier hesitates: the matrix of its second choices."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FEWEST = 10  # images of a first choice below which nothing is said of its second ones


@dataclass(frozen=True)
class SecondChoices:
    """Second choices about one score, of generated images beside real ones.

    Attributes:
        score: the score.
        low, high: bounds of the scores achieved.
        generated, real: number of images, int [K, K], whose most probable class is the row and whose second most
            probable is the column.
        overlap: share of second choices that generated and real images have in common, mean over the first choices
            of which there are `FEWEST` on both sides; 1 where they are the same, NaN where there is no such class.
        overlap_real: the same of two random halves of the real images: the most that can be requested of so few.
    """

    score: float
    low: float
    high: float
    generated: list[list[int]]
    real: list[list[int]]
    overlap: float
    overlap_real: float


def second_choices(
    score: float,
    bounds: tuple[float, float],
    generated: tuple[Tensor, Tensor],
    real: tuple[Tensor, Tensor],
    rng: torch.Generator,
) -> SecondChoices:
    """Counts second choices of images whose achieved score lies in bounds.

    Args:
        score: what the bounds are about.
        bounds: lowest and highest score achieved.
        generated, real: probabilities float32 [N, K] and scores float32 [N] achieved.
        rng: draws the halves.
    """
    chosen = [
        probabilities[(scores >= bounds[0]) & (scores <= bounds[1])] for probabilities, scores in (generated, real)
    ]
    counts = [count_second_choices(probabilities) for probabilities in chosen]
    halves = chosen[1][torch.randperm(len(chosen[1]), generator=rng)].chunk(2)
    half_counts = [count_second_choices(half) for half in halves] if len(halves) == 2 else [counts[1], 0 * counts[1]]
    ours, theirs = (count.tolist() for count in counts)
    return SecondChoices(score, *bounds, ours, theirs, shared_choices(*counts), shared_choices(*half_counts))


def count_second_choices(probabilities: Tensor) -> NDArray[np.int64]:
    """Number of images by most probable class (row) and second most probable one (column), [N, K] to int64 [K, K]."""
    n_classes = probabilities.shape[1]
    first, second = probabilities.topk(2, dim=1).indices.unbind(dim=1)
    return (first * n_classes + second).bincount(minlength=n_classes**2).view(n_classes, n_classes).numpy()


def shared_choices(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """Mean over rows of the sum of min(a, b), with each row of both as shares; int [K, K] each to 0 .. 1 or NaN."""
    enough = (a.sum(axis=1) >= FEWEST) & (b.sum(axis=1) >= FEWEST)
    if not enough.any():
        return float("nan")
    shares = [part[enough] / part[enough].sum(axis=1, keepdims=True) for part in (a, b)]
    return float(np.minimum(*shares).sum(axis=1).mean())
