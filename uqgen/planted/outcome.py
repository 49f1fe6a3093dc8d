"""What came out for one classifier of the benchmark, held against the truth."""

from dataclasses import dataclass

import numpy as np

from uqgen.planted.attribute_rankings import Names
from uqgen.planted.methods import Reported
from uqgen.planted.weaknesses import Mask

TYPICAL = 10  # images of a slice that its precision is taken of


@dataclass(frozen=True)
class Judged:
    """One reported slice against the truth.

    Attributes:
        n: held-out images in it.
        error_rate: of these.
        is_reported: whether the method stands by it.
        precision_at_10: share of its ten most typical images that are of the planted slice; of all where there are
            fewer. NaN without a weakness.
        precision, recall: of all its images.
    """

    n: int
    error_rate: float
    is_reported: bool
    precision_at_10: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Attributes:
    """Rankings of attributes by name.

    Attributes:
        label: the class that was looked at.
        weak: of the weak classifier.
        sound: of a sound one, for comparison.
    """

    label: int
    weak: dict[str, Names]
    sound: dict[str, Names]


@dataclass(frozen=True)
class Outcome:
    """What the methods found of one classifier.

    Attributes:
        kind, seed: of the job.
        label: the class that was hit.
        n_truth: held-out images of the planted slice.
        error_inside, error_outside: error rates of the classifier on these and on all others.
        is_weak: whether the first is above the second, intervals of 95 % apart.
        methods: for each, its slices in its order.
        attributes: rankings in images of the class that was suspected; None for a weakness of no named attribute, and
            where the model offers no channels to change.
        is_there: whether that class has images of the planted slice.
    """

    kind: str
    seed: int
    label: int
    n_truth: int
    error_inside: float
    error_outside: float
    is_weak: bool
    methods: dict[str, list[Judged]]
    attributes: Attributes | None
    is_there: bool


def judge(found: Reported, truth: Mask) -> Judged:
    """Holds a slice against the truth, bool [N]."""
    members = np.array(found.members, dtype=np.int64)
    if not truth.any() or len(members) == 0:
        nothing = np.nan if not truth.any() else 0.0
        return Judged(len(members), found.error_rate, found.is_reported, nothing, nothing, nothing)
    hit = truth[members]
    return Judged(
        len(members),
        found.error_rate,
        found.is_reported,
        float(hit[:TYPICAL].mean()),
        float(hit.mean()),
        float(hit.sum() / truth.sum()),
    )
