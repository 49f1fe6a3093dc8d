"""Where a classifier is weak: regions of its features, found on some images and confirmed on others.

As in Domino (Eyuboglu et al., 2022, "Domino: discovering systematic errors with cross-modal embeddings"), images that
are hard for the classifier are clustered by their class and by what they are predicted as. Different from it,
generated images take part, a region is a rule that applies to other images, and only these decide whether it counts.
Judges, other classifiers of the same classes, tell what is hard for this classifier from what is hard for all: images
that every judge is right about are clustered first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.wilson import wilson

HARD = 0.1  # share of real images, the most uncertain ones, that count as hard whether wrong or not
FEWEST = 20  # hard images in a cluster
MOST_CLUSTERS = 3  # that the hard images of one group are divided into
CORE = 0.7  # share of a cluster that its region holds
SHRINKAGE = 0.2  # of the covariance towards a multiple of the identity
OVERLAP = 0.3  # share of two regions' images in common, of all in either, above which one is dropped as the same
N_FEATURES = 24  # principal components
N_FITTED = 5_000  # images that they are computed of
ROUNDING = 1e-9  # share of the largest spread of a feature below which another one is constant
LEVEL = 0.95  # of the intervals, before it is corrected for the number of slices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """Images and what a classifier makes of them.

    Attributes:
        features: float64 [N, F].
        label: int64 [N], the class, of generated images the one requested.
        predicted: int64 [N], the most probable class.
        rival: int64 [N], the most probable class that is not the image's own.
        certainty: float64 [N], the score, turned so that high means certain.
        judges_wrong: bool [N, J], whether each of J judges, which may be none, takes it for another class.
    """

    features: Floats
    label: Ints
    predicted: Ints
    rival: Ints
    certainty: Floats
    judges_wrong: Mask

    @property
    def is_wrong(self) -> Mask:
        """Whether the most probable class is not the image's."""
        return self.predicted != self.label

    @property
    def is_clear(self) -> Mask:
        """Whether every judge is right."""
        return ~np.any(self.judges_wrong, axis=1)

    def __len__(self) -> int:
        return len(self.label)

    def select(self, chosen: Ints | Mask | slice) -> "Seen":
        """Some of the images."""
        return Seen(*(getattr(self, name)[chosen] for name in Seen.__annotations__))


class Rule(Protocol):
    """What says of any image how far it belongs to a slice."""

    @property
    def threshold(self) -> float:
        """From which degree on an image belongs."""

    def degree(self, seen: Seen) -> Floats:
        """How far each image belongs, float64 [N]; NaN or minus infinity for one that cannot."""


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class Region:
    """A rule that is linear in the features.

    Attributes:
        classes: of which images can belong to it, increasing.
        weight: float64 [F], the direction in the features.
        threshold: from which on an image belongs.
        generated: positions among the generated images of those in the cluster it was made of, the most typical first.
    """

    classes: tuple[int, ...]
    weight: Floats
    threshold: float
    generated: tuple[int, ...]

    def degree(self, seen: Seen) -> Floats:
        """How far each image belongs, float64 [N]; minus infinity for images of other classes."""
        return np.where(np.isin(seen.label, self.classes), seen.features @ self.weight, -np.inf)

    def holds(self, seen: Seen) -> Mask:
        """Whether each image belongs, bool [N]."""
        return self.degree(seen) >= self.threshold


@dataclass(frozen=True)
class Slice(Generic[R]):
    """A rule with what held-out real images say of it.

    Attributes:
        rule: which images belong.
        members: positions of the held-out images that belong, the most typical first.
        n_errors: of them.
        error_rate: with an interval that is corrected for the number of slices.
        rest: error rate of all other held-out images, with an interval of 95 %.
        judges: error rates of judges on the same images, with corrected intervals.
        explained: errors beyond those of as many of the rest, and beyond those that a judge makes on the same images.
        is_confirmed: whether the error rate is above that of the rest, intervals apart.
        is_own: whether it is above that of every judge, too, so that the images are not just hard; without judges as
            `is_confirmed`.
        level: of the corrected intervals.
    """

    rule: R
    members: tuple[int, ...]
    n_errors: int
    error_rate: Estimate
    rest: Estimate
    judges: tuple[Estimate, ...]
    explained: float
    is_confirmed: bool
    is_own: bool
    level: float = LEVEL


class Projection:
    """Principal components of standardised features, fitted to some images and applied to all.

    Args:
        features: float64 [N, F].

    Examples:
        >>> features = np.random.default_rng(0).normal(size=(100, 30))
        >>> Projection(features)(features).shape
        (100, 24)
    """

    def __init__(self, features: Floats) -> None:
        some = features[:: max(1, len(features) // N_FITTED)]
        self.centre, spread = some.mean(axis=0), some.std(axis=0)
        self.scale = np.where(spread > ROUNDING * spread.max(), spread, np.inf)  # what does not vary tells nothing
        _, _, directions = np.linalg.svd((some - self.centre) / self.scale, full_matrices=False)
        self.directions = directions[:N_FEATURES]

    def __call__(self, features: Floats) -> Floats:
        """float64 [M, F] to [M, at most 24]."""
        return ((features - self.centre) / self.scale) @ self.directions.T


def find_regions(real: Seen, generated: Seen, n_most: int, seed: int) -> list[Region]:
    """Clusters hard images and keeps the regions around them that hold the most errors.

    Args:
        real: real images that serve to find and never to confirm, with some errors among them.
        generated: images in the same features, N at least 0.
        n_most: number of regions.
        seed: of the clustering.

    Returns:
        At most `n_most`, no two of them nearly the same: those found on images that every judge is right about, then
        those found on all, each by the number of errors that they explain.
    """
    bound = np.quantile(real.certainty, HARD)
    every = _joined(real, generated)
    hard = every.is_wrong | (every.certainty <= bound)
    is_real = np.arange(len(every)) < len(real)

    def ranked(chosen: Mask, errors: Mask) -> list[tuple[float, Region]]:
        groups = _groups(every, chosen)
        regions = [region for each in groups for region in _regions(every, is_real, *each, seed)]
        explained = [_surely_explained(region.holds(real), errors) for region in regions]
        return sorted(zip(explained, regions, strict=True), key=lambda each: -each[0])

    own = ranked(hard & every.is_clear, real.is_wrong & real.is_clear) if every.judges_wrong.any() else []
    first = [region for explained, region in own if explained > 0]
    return _distinct([*first, *(region for _, region in ranked(hard, real.is_wrong))], real, n_most)


def confirm(rules: Sequence[R], real: Seen) -> list[Slice[R]]:
    """Puts rules to real images that took no part in finding them.

    Args:
        rules: what was found; their number corrects the level of the intervals (Bonferroni).
        real: held-out real images.

    Returns:
        Own weaknesses first, then what is confirmed, then what is not; each by the number of errors they explain.
    """
    level = 1 - (1 - LEVEL) / max(len(rules), 1)
    slices = [_confirm(rule, real, level) for rule in rules]
    return sorted(slices, key=lambda each: (not each.is_own, not each.is_confirmed, -each.explained))


def members_of(rule: Rule, seen: Seen) -> Ints:
    """Positions of the images that belong, the most typical first."""
    degree = rule.degree(seen)
    inside = np.flatnonzero(degree >= rule.threshold)
    return inside[np.argsort(-degree[inside], kind="stable")]


def _confirm(rule: R, real: Seen, level: float) -> Slice[R]:
    members, wrong = members_of(rule, real), real.is_wrong
    n, n_errors, n_all = len(members), int(wrong[members].sum()), int(wrong.sum())
    rate, rest = wilson(n_errors, n, level), wilson(n_all - n_errors, len(real) - n)
    judges = tuple(wilson(int(judge[members].sum()), n, level) for judge in real.judges_wrong.T)
    is_confirmed = n > 0 and rate.low > rest.high
    is_own = is_confirmed and all(rate.low > judge.high for judge in judges)
    expected = [other.value for other in (rest, *judges) if n > 0 and not np.isnan(other.value)]
    explained = n_errors - n * max(expected, default=0.0)
    found = (tuple(members.tolist()), n_errors, rate, rest, judges, explained, is_confirmed, is_own)
    return Slice(rule, *found, level)


def _joined(first: Seen, second: Seen) -> Seen:
    return Seen(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in Seen.__annotations__))


def _groups(seen: Seen, hard: Mask) -> Iterator[tuple[tuple[int, ...], Mask]]:
    """Hard images that may share a reason, with the classes that they are of.

    Those of one class, those that are predicted as one class, and those between two classes.
    """
    labels = np.unique(seen.label).tolist()
    for one in labels:
        yield (one,), hard & (seen.label == one)
        yield tuple(label for label in labels if label != one), hard & (seen.rival == one)
    for pair in combinations(labels, 2):
        yield pair, hard & np.isin(seen.label, pair) & np.isin(seen.rival, pair)


def _regions(seen: Seen, is_real: Mask, classes: tuple[int, ...], chosen: Mask, seed: int) -> Iterator[Region]:
    """Around clusters of the chosen images: 1, 2 and 3 of them."""
    places, others = np.flatnonzero(chosen), np.isin(seen.label, classes) & is_real
    for n_clusters in range(1, min(MOST_CLUSTERS, len(places) // FEWEST) + 1):
        cluster = KMeans(n_clusters, n_init=2, random_state=seed).fit_predict(seen.features[places])
        for number in range(n_clusters):
            inside = np.zeros(len(seen), bool)
            inside[places[cluster == number]] = True
            if min(inside.sum(), (others & ~inside).sum()) >= FEWEST:
                yield _around(seen, is_real, classes, inside, others & ~inside)


def _around(seen: Seen, is_real: Mask, classes: tuple[int, ...], inside: Mask, outside: Mask) -> Region:
    """The region where Fisher's linear discriminant finds images of a cluster rather than others of its classes."""
    ours, others = seen.features[inside], seen.features[outside]
    within = (np.cov(ours.T) * len(ours) + np.cov(others.T) * len(others)) / (len(ours) + len(others))
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / size * np.eye(size)
    weight = np.linalg.solve(within, ours.mean(axis=0) - others.mean(axis=0))
    degree = seen.features @ weight
    made = np.flatnonzero(inside & ~is_real)
    made = made[np.argsort(-degree[made], kind="stable")] - int(is_real.sum())
    return Region(classes, weight, float(np.quantile(degree[inside], 1 - CORE)), tuple(made.tolist()))


def _distinct(regions: Sequence[Region], real: Seen, n_most: int) -> list[Region]:
    """The first of them, less each that holds nearly the same real images as one before."""
    kept: list[tuple[Region, Mask]] = []
    for region in regions:
        inside = region.holds(real)
        is_new = all((inside & old).sum() <= OVERLAP * (inside | old).sum() for _, old in kept)
        if is_new and inside.any() and len(kept) < n_most:
            kept.append((region, inside))
    return [region for region, _ in kept]


def _surely_explained(inside: Mask, wrong: Mask) -> float:
    """Errors beyond those of as many others, counted from the lower end of the interval of the error rate."""
    n, n_errors = int(inside.sum()), int(wrong[inside].sum())
    if n in (0, len(inside)):
        return 0.0
    return n * (wilson(n_errors, n).low - (int(wrong.sum()) - n_errors) / (len(inside) - n))
