import math

import pytest

from uqgen.metrics.wilson import wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (1, 1_000)])
def test_is_the_interval_of_the_formula(successes, n):
    z, share = 1.959964, successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    found = wilson(successes, n)
    assert (found.value, found.low, found.high) == pytest.approx((share, centre - half, centre + half), abs=1e-6)


def test_a_higher_level_is_wider_and_nothing_is_said_of_no_trials():
    assert wilson(3, 10, 0.999).low < wilson(3, 10).low < 0.3 < wilson(3, 10).high < wilson(3, 10, 0.999).high
    assert math.isnan(wilson(0, 0).value)
