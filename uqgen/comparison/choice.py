"""Which variant to choose: by validation, so that what the test split says of it is not luck of the choice."""

import math
from collections.abc import Sequence

from uqgen.comparison.metrics import METRICS, Metric
from uqgen.comparison.variants import Variant

BY_KEY = {metric.key: metric for metric in METRICS}
ERROR = BY_KEY["uniform_mae"]
NO_WORSE = tuple(BY_KEY[key] for key in ("data_class_agreement", "fid", "sliced_wasserstein"))


def choose(variants: Sequence[Variant], reference: Variant) -> Variant:
    """The variant with the lowest mean absolute error of those that pay with neither classes nor realism.

    Args:
        variants: those that may be chosen.
        reference: the variant whose class agreement and distance from real images are to be reached; it is chosen
            where no other can be.
    """
    fair = [variant for variant in variants if _is_fair(variant, reference)]
    return min(fair, key=lambda variant: variant.on_validation(ERROR).mean, default=reference)


def _is_fair(variant: Variant, reference: Variant) -> bool:
    is_measured = variant.on_validation(ERROR).n > 0
    return is_measured and all(_is_no_worse(variant, reference, metric) for metric in NO_WORSE)


def _is_no_worse(variant: Variant, reference: Variant, metric: Metric) -> bool:
    """Also where the metric says nothing of such data."""
    ours, theirs = (side.on_validation(metric).mean for side in (variant, reference))
    return math.isnan(ours) or metric.best([ours, theirs]) == ours
