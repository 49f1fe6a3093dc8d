"""Which variant to choose: by validation, so that what the test split says of it is not luck of the choice."""

from collections.abc import Sequence

from uqgen.comparison.metrics import METRICS, Metric
from uqgen.comparison.variants import Variant

BY_KEY = {metric.key: metric for metric in METRICS}
ERROR, AGREEMENT = BY_KEY["uniform_mae"], BY_KEY["data_class_agreement"]
DISTANCES = (BY_KEY["fid"], BY_KEY["sliced_wasserstein"])
LOST_CLASSES = 0.02  # of the class agreement: what a thousand images leave open


def choose(variants: Sequence[Variant], reference: Variant) -> Variant:
    """The variant with the lowest mean absolute error of those that pay with neither classes nor realism.

    Args:
        variants: those that may be chosen.
        reference: the variant whose class agreement, less `LOST_CLASSES`, and distance from real images are to be
            reached; it is chosen where no other can be.
    """
    fair = [variant for variant in variants if _is_fair(variant, reference)]
    return min(fair, key=lambda variant: variant.on_validation(ERROR).mean, default=reference)


def _is_fair(variant: Variant, reference: Variant) -> bool:
    def gain(metric: Metric) -> float:
        return variant.on_validation(metric).mean - reference.on_validation(metric).mean

    # A distance that says nothing of such data is NaN, and not above 0.
    keeps_realism = not any(gain(distance) > 0 for distance in DISTANCES)
    return variant.on_validation(ERROR).n > 0 and gain(AGREEMENT) >= -LOST_CLASSES and keeps_realism
