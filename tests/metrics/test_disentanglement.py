import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from uqgen.metrics.disentanglement import N_BINS, _cells, _effects, disentanglement

RNG = np.random.default_rng(0)
N, K = 4_000, 2
LABEL = np.arange(N) % K
FIRST = RNG.uniform(size=N)
SECOND = FIRST * RNG.uniform(size=N) / (1 + LABEL)  # as scores are: never above the first, and higher in some classes
NAMES = ("first_on_first", "first_on_second", "second_on_first", "second_on_second")


def effects(achieved, what, requested=(FIRST, SECOND)):
    found = disentanglement(requested, achieved, LABEL, n_resamples=2)
    return [getattr(getattr(found, name), what).value for name in NAMES]


def test_what_is_requested_is_achieved_by_its_own_request_alone():
    assert effects((FIRST, SECOND), "slope") == pytest.approx([1, 0, 0, 1], abs=1e-9)
    assert effects((FIRST, SECOND), "pearson")[::3] == pytest.approx([1, 1])


@pytest.mark.parametrize("curve", [lambda first: first, lambda first: first**3, lambda first: -((first - 0.5) ** 2)])
def test_a_second_score_that_only_comes_with_the_first_and_the_class_has_no_effect_of_its_own(curve):
    achieved = curve(FIRST) - 0.5 * LABEL + 0.01 * RNG.normal(size=N)
    assert np.corrcoef(SECOND, achieved)[0, 1] > 0.3  # as in vs. out would show it
    assert effects((FIRST, achieved), "slope")[3] == pytest.approx(0, abs=0.01)
    assert effects((FIRST, achieved), "pearson")[3] == pytest.approx(0, abs=0.06)


def test_slopes_are_those_of_least_squares_with_a_constant_for_each_cell_and_correlations_those_of_the_rest():
    achieved = RNG.normal(size=(2, N)) + np.stack([FIRST + 0.3 * SECOND, 0.2 * FIRST - SECOND])
    slopes, correlations = [], []
    for turned, fixed in ((FIRST, SECOND), (SECOND, FIRST)):
        bins = np.searchsorted(np.sort(fixed), fixed) * N_BINS // N
        cells = np.eye(K * N_BINS)[LABEL * N_BINS + bins]
        for out in achieved:
            slopes.append(LinearRegression(fit_intercept=False).fit(np.c_[turned, fixed, cells], out).coef_[0])
            held = np.c_[fixed, cells]
            rest = [y - LinearRegression(fit_intercept=False).fit(held, y).predict(held) for y in (turned, out)]
            correlations.append(np.corrcoef(rest)[0, 1])
    assert effects(achieved, "slope") == pytest.approx(slopes)
    assert effects(achieved, "pearson") == pytest.approx(correlations)


def test_resamples_have_cells_of_their_own():
    achieved = [side + 0.3 * RNG.normal(size=N) for side in (FIRST, SECOND)]
    columns = np.stack([FIRST, SECOND, *achieved]), np.stack([_cells(FIRST, LABEL), _cells(SECOND, LABEL)])
    drawn = RNG.integers(N, size=(3, N))
    together = _effects(*(column[drawn] for part in columns for column in part))
    for row, index in enumerate(drawn):
        for name, value in _effects(*(column[index] for part in columns for column in part)).items():
            assert together[name][row] == pytest.approx(value)


@pytest.mark.slow
def test_the_intervals_are_as_wide_as_the_values_vary():
    def found(rng):
        noise = 0.3 * rng.normal(size=(2, N))
        result = disentanglement((FIRST, SECOND), (FIRST + noise[0], 0.7 * SECOND + noise[1]), LABEL, n_resamples=100)
        return result.second_on_second.slope

    several = [found(np.random.default_rng(seed)) for seed in range(20)]
    values = np.array([slope.value for slope in several])
    assert values.mean() == pytest.approx(0.7, abs=0.02)
    half_width = np.mean([slope.high - slope.low for slope in several]) / 2
    assert 1 < half_width / values.std() < 3.5


def test_scores_that_are_never_requested_apart_have_no_effect_of_their_own():
    assert np.isnan(effects((FIRST, SECOND), "slope", requested=(FIRST, np.full(N, 0.5)))[2:]).all()
