"""The interval of a share: Wilson (1927), "Probable inference, the law of succession, and statistical inference"."""

from math import nan

from scipy.stats import binomtest

from uqgen.metrics.bootstrap import Estimate


def wilson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """A share and its Wilson interval, which is sensible for few images and for shares near 0 and 1, too.

    Args:
        successes: 0 to n.
        n: number of trials; everything is NaN where it is 0.
        level: of the interval, in (0, 1).
    """
    if n == 0:
        return Estimate(nan, nan, nan)
    interval = binomtest(successes, n).proportion_ci(level, method="wilson")
    return Estimate(successes / n, float(interval.low), float(interval.high))
