import numpy as np
import pytest
from scipy.stats import binomtest

from uqgen.evaluation.proportion import exact_intervals


@pytest.mark.parametrize("n", [1, 2, 31, 120])
def test_they_are_those_of_scipy(n):
    expected = [binomtest(k, n).proportion_ci(0.95, method="exact") for k in range(n + 1)]
    np.testing.assert_allclose(exact_intervals(n), expected, atol=1e-9)


def test_the_interval_leaves_chance_out_where_the_test_of_chance_says_so():
    low, high = exact_intervals(120).T
    outside = (low > 0.5) | (high < 0.5)
    np.testing.assert_array_equal(outside, [binomtest(k, 120).pvalue < 0.05 for k in range(121)])
