"""How much images made for one and the same condition differ: a generator may follow scores with few pictures."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.ratio import Ratio


@dataclass(frozen=True)
class DiversityAtScore:
    """Diversity at one score.

    Attributes:
        score: the score.
        distance: mean distance of two images of one class and about this score, mean over the classes.
    """

    score: float
    distance: Ratio


@dataclass(frozen=True)
class Diversity:
    """Diversity over the range of scores.

    Attributes:
        ratio: mean over the scores of generated / real; 1 means as diverse as real images, 0 that all are the same.
        by_score: in the order of the scores.
    """

    ratio: float
    by_score: tuple[DiversityAtScore, ...]


def diversity(scores: list[float], generated: Tensor, real: Tensor) -> Diversity:
    """Compares distances among generated images with distances among real ones of the same class and score.

    Args:
        scores: the S scores.
        generated: float64 [S, K, M, F], features of M images made for each score and each of K classes, M at least 2.
        real: float64 [S, K, L, F], of L real images of each; below 2 the result is NaN.
    """
    pairs = zip(mean_distance(generated).mean(dim=1).tolist(), mean_distance(real).mean(dim=1).tolist(), strict=True)
    by_score = tuple(DiversityAtScore(score, Ratio.of(*pair)) for score, pair in zip(scores, pairs, strict=True))
    return Diversity(float(np.mean([point.distance.ratio for point in by_score])), by_score)


def mean_distance(features: Tensor) -> Tensor:
    """Mean Euclidean distance of two different ones, float64 [..., M, F] to [...]; NaN where M is below 2."""
    m = features.shape[-2]
    # The matrix product that is faster loses the digits of small distances.
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.sum(dim=(-2, -1)) / (m * (m - 1) or torch.nan)


def nearest_of_class(asked: Condition, own: Condition, n: int) -> Tensor:
    """The real images of the class asked whose scores are nearest to the one asked.

    Args:
        asked: C classes and scores.
        own: class and score of every real image.
        n: how many for each; fewer where the rarest class asked has fewer.

    Returns:
        int64 [C, n], positions among the real images.
    """
    is_other = asked.label[:, None] != own.label
    distance = (asked.score[:, None] - own.score).abs().masked_fill(is_other, torch.inf)
    return distance.topk(min(n, int((~is_other).sum(dim=1).min())), largest=False).indices
