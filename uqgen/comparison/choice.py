"""Which variant to choose: by validation, so that what the test split says of it is not luck of the choice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from uqgen.comparison.variants import OverSeeds, Unit, Variant, middle_error
from uqgen.metrics import METRICS, Metric

_CHOICE = {metric.choice: metric for metric in METRICS}
ERROR, COVERAGE, AGREEMENT = _CHOICE["error"], _CHOICE["coverage"], _CHOICE["class agreement"]
LOST_CLASSES = 0.02  # of the class agreement: what few images leave open


class OverSeedsOf(Protocol):
    """A variant and a metric to its values over the seeds, such as `Variant.on_validation`."""

    def __call__(self, variant: Variant, metric: Metric, /, unit: Unit = ...) -> OverSeeds:
        """The values, each divided by the unit of its job."""


@dataclass(frozen=True)
class Cost:
    """What a variant pays.

    Attributes:
        variant: the variant.
        error: mean absolute error of uniform requests, as share of that of always achieving the middle of the range
            that the seed requests from.
        lost: share of the real coverage that is not reached, mean over the bins of scores; 0 if all is.
    """

    variant: Variant
    error: float
    lost: float

    @property
    def sum(self) -> float:
        """Both shares count alike: variety that is lost weighs as much as requests that are not followed."""
        return self.error + self.lost

    def is_beaten_by(self, other: "Cost") -> bool:
        """Whether the other is as good in both and better in one."""
        ours, theirs = (self.error, self.lost), (other.error, other.lost)
        return theirs != ours and all(their <= our for their, our in zip(theirs, ours, strict=True))


def costs(variants: Sequence[Variant], measured: OverSeedsOf) -> list[Cost]:
    """What each variant pays; those that were not measured are left out.

    Args:
        variants: of a comparison.
        measured: how each variant's values are found.
    """
    found = []
    for variant in variants:
        coverage = measured(variant, COVERAGE).mean
        if not math.isnan(measured(variant, ERROR).mean + coverage):  # of others there is no range either
            error = measured(variant, ERROR, unit=middle_error).mean
            found.append(Cost(variant, error, max(1 - coverage, 0.0)))
    return found


def front(found: Sequence[Cost]) -> list[Cost]:
    """The Pareto front: what no other one beats, from the lowest error on."""
    unbeaten = [cost for cost in found if not any(cost.is_beaten_by(other) for other in found)]
    return sorted(unbeaten, key=lambda cost: cost.error)


def fair(variants: Sequence[Variant]) -> list[Variant]:
    """The variants whose class agreement on validation is at most `LOST_CLASSES` below that of real images."""
    return [each for each in variants if each.on_validation(AGREEMENT).mean >= each.real_agreement - LOST_CLASSES]


def choose_variant(variants: Sequence[Variant]) -> Variant | None:
    """The variant of the fair ones' front on validation with the least sum of error and lost coverage; None without."""
    found = front(costs(fair(variants), Variant.on_validation))
    best = min(found, key=lambda cost: cost.sum, default=None)
    return None if best is None else best.variant
