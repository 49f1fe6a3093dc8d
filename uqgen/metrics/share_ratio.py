"""A share of generated images beside the same share of real ones."""

import math
from dataclasses import dataclass

from scipy.stats.contingency import relative_risk

from uqgen.metrics.bootstrap import Estimate


@dataclass(frozen=True)
class ShareRatio:
    """Both shares and their quotient.

    Attributes:
        real, generated: the shares.
        ratio: generated / real, with a 95 % interval; that of `of` is Katz's (Katz et al., 1978).

    Examples:
        >>> found = ShareRatio.of(n_real=10, n_generated=20, of_real=100, of_generated=100)
        >>> found.ratio.value, round(found.ratio.low, 2), round(found.ratio.high, 2)
        (2.0, 0.99, 4.05)
    """

    real: float
    generated: float
    ratio: Estimate

    @classmethod
    def of(cls, n_real: int, n_generated: int, of_real: int, of_generated: int) -> "ShareRatio":
        """Counts `n_real` of `of_real` real images, and as many generated ones.

        Where none is counted on a side, the far end of the interval is that of one image there, and the near one has
        no limit: 0, or infinity.
        """
        counts = max(n_generated, 1), of_generated, max(n_real, 1), of_real
        interval = relative_risk(*counts).confidence_interval(0.95)
        real, generated = n_real / of_real, n_generated / of_generated
        low = float(interval.low) if n_generated else 0.0
        high = float(interval.high) if n_real else math.inf
        return cls(real, generated, Estimate(_quotient(generated, real), low, high))


def _quotient(generated: float, real: float) -> float:
    if real:
        return generated / real
    return math.inf if generated else math.nan
