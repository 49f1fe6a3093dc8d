"""Realism of generated images of each part of the range of scores: agreement must not be paid for by the picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from uqgen import seeding
from uqgen.metrics.metric import Evaluated, Metric, Row, control, register

N_BINS = 4
MIN_SAMPLES = 200  # on either side of a distance
DRAWING = 2  # a stream of random numbers


class Scored(NamedTuple):
    """A set of images or points.

    Attributes:
        features: float [N, F].
        score: float32 [N], requested or own.
    """

    features: Tensor
    score: Tensor

    def between(self, low: float, high: float) -> Tensor:
        """Features, float [n, F], of those whose score is in [low, high]."""
        return self.features[(self.score >= low) & (self.score <= high)]


@dataclass(frozen=True)
class DistanceInBin:
    """How near images requested in one part of the range are to real training images that lie in it.

    Both distances are taken on equally many images, drawn at random, since a distance of samples grows as they get
    fewer.

    Attributes:
        low, high: edges of the bin.
        n_generated, n_real, n_train: images on each side of the distance and of its floor.
        distance: of generated from real training images of the bin; None where either are fewer than 200.
        floor: of other real images of the bin from the same; None where either are fewer than 200.
    """

    low: float
    high: float
    n_generated: int
    n_real: int
    n_train: int
    distance: float | None
    floor: float | None


@dataclass(frozen=True)
class DistanceByScore:
    """Distances in every part of the range of scores.

    Attributes:
        mean: of the bins that have a distance; NaN where none has.
        bins: in the order of the scores.
    """

    mean: float
    bins: tuple[DistanceInBin, ...]


@control("by_score")
def of_evaluation(found: Evaluated) -> DistanceByScore:
    """Of data requested uniformly."""
    ours, real, train = (Scored(side.features, side.score) for side in (found.uniform, found.real, found.train))
    rng = seeding.generator(found.seed, DRAWING)
    return distance_by_score(ours, real, train, found.requested_range, found.distance, rng)


def distance_by_score(
    generated: Scored,
    real: Scored,
    train: Scored,
    bounds: tuple[float, float],
    distance: Callable[[Tensor, Tensor], float],
    rng: torch.Generator,
    n_bins: int = N_BINS,
) -> DistanceByScore:
    """Compares generated with real training images in equal bins of their scores.

    Args:
        generated: with the scores requested.
        real: other real images, for the floor.
        train: real training images.
        bounds: the lowest and the highest score.
        distance: of two sets of features [n, F] and [m, F].
        rng: draws the images of the larger side that are left out.
        n_bins: number of bins.
    """
    edges = np.linspace(*bounds, n_bins + 1).tolist()
    bins = []
    for low, high in pairwise(edges):
        ours, others, reference = (side.between(low, high) for side in (generated, real, train))
        if min(len(ours), len(others)) >= MIN_SAMPLES:
            ours, others = _equally_many(ours, others, rng)
        sizes = (len(ours), len(others), len(reference))
        bins.append(
            DistanceInBin(low, high, *sizes, *(_distance(side, reference, distance) for side in (ours, others)))
        )
    found = [part.distance for part in bins if part.distance is not None]
    return DistanceByScore(float(np.mean(found)) if found else math.nan, tuple(bins))


def _equally_many(a: Tensor, b: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    n = min(len(a), len(b))
    return a[torch.randperm(len(a), generator=rng)[:n]], b[torch.randperm(len(b), generator=rng)[:n]]


def _distance(a: Tensor, b: Tensor, distance: Callable[[Tensor, Tensor], float]) -> float | None:
    return distance(a, b) if min(len(a), len(b)) >= MIN_SAMPLES else None


_ROW = (
    "distance to real training data, scores {low:.4g} to {high:.4g} (n = {n_generated:,} generated, {n_real:,} real, "
    "{n_train:,} in training)"
)


def _in_bin(number: int) -> Metric:
    path = f"controls/by_score/bins/{number}"
    columns = {"generated": f"{path}/distance", "real": f"{path}/floor"}
    return Metric(
        f"{path}/distance",
        f"distance in score bin {number + 1}",
        "lower",
        digits=4,
        name=f"distance_in_bin_{number + 1}",
        theme="realism",
        rows=[Row("controls", _ROW, columns, "{:#.3g}", missing="too few")],
    )


register(
    Metric(
        "controls/by_score/mean",
        "distance, mean over score bins",
        "lower",
        digits=4,
        name="distance_by_score",
        theme="realism",
    ),
    *map(_in_bin, range(N_BINS)),
)
