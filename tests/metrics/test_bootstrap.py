import math

import numpy as np
import pytest
from scipy import stats

from uqgen.metrics import bootstrap as module
from uqgen.metrics.bootstrap import Estimate, bootstrap
from uqgen.settings import SettingError


def moments(x, y):
    return {"mean": x.mean(axis=-1), "product": (x * y).mean(axis=-1)}


@pytest.fixture
def sample():
    rng = np.random.default_rng(5)
    x = rng.normal(2.0, 3.0, 700)
    return x, x + rng.exponential(size=700)


def test_intervals_are_those_of_scipy(sample):
    estimates = bootstrap(moments, sample, n_resamples=400, seed=7)
    for name, estimate in estimates.items():
        theirs = stats.bootstrap(
            sample,
            lambda x, y, axis, name=name: moments(x, y)[name],
            paired=True,
            vectorized=True,
            n_resamples=400,
            method="percentile",
            random_state=np.random.default_rng(7),
        ).confidence_interval
        assert (estimate.low, estimate.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)
        assert estimate.value == moments(*sample)[name]


def test_interval_of_the_mean_has_the_width_of_the_central_limit_theorem(sample):
    x = sample[0]
    estimate = bootstrap(moments, sample, n_resamples=20_000, seed=1)["mean"]
    half_width = stats.norm.ppf(0.975) * x.std() / math.sqrt(len(x))
    assert estimate.low == pytest.approx(x.mean() - half_width, abs=0.03 * half_width)
    assert estimate.high == pytest.approx(x.mean() + half_width, abs=0.03 * half_width)


def test_arrays_are_resampled_together(sample):
    estimates = bootstrap(lambda x, y: {"gap": (y - 2 * x).mean(axis=-1)}, (sample[0], 2 * sample[0]), 50)
    assert estimates == {"gap": Estimate(0.0, 0.0, 0.0)}


def test_chunks_make_no_difference(sample, monkeypatch):
    whole = bootstrap(moments, sample, n_resamples=30, seed=3)
    monkeypatch.setattr(module, "CHUNK", 4 * len(sample[0]) + 1)
    assert bootstrap(moments, sample, n_resamples=30, seed=3) == whole


def test_seed_alone_decides(sample):
    assert bootstrap(moments, sample, 50, seed=3) == bootstrap(moments, sample, 50, seed=3)
    assert bootstrap(moments, sample, 50, seed=3) != bootstrap(moments, sample, 50, seed=4)


def test_resamples_where_a_statistic_is_not_defined_are_left_out():
    def only_with_a_one(x):
        return {"sum": np.where(x.max(axis=-1) > 0, 1.0, np.nan)}

    # A resample of (0, 1) is (0, 0) a quarter of the time.
    assert bootstrap(only_with_a_one, (np.array([0, 1]),), 100) == {"sum": Estimate(1.0, 1.0, 1.0)}


def test_statistic_that_is_never_defined_has_no_interval():
    estimate = bootstrap(lambda x: {"nothing": np.full(x.shape[:-1], np.nan)}, (np.arange(3),), 10)["nothing"]
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()


def test_single_element_has_a_value_and_no_interval():
    estimate = bootstrap(lambda x: {"mean": x.mean(axis=-1)}, (np.array([4.0]),), 10)["mean"]
    assert estimate.value == 4.0
    assert np.isnan([estimate.low, estimate.high]).all()


@pytest.mark.parametrize("arrays", [(np.array([]),), (np.zeros(3), np.zeros(2))])
def test_empty_and_unequal_arrays_are_refused(arrays):
    with pytest.raises(ValueError, match="one length above 0"):
        bootstrap(lambda *x: {}, arrays)


def test_settings_out_of_range_are_refused():
    for settings in ({"n_resamples": 0}, {"seed": -1}):
        with pytest.raises(SettingError):
            bootstrap(moments, (np.zeros(3), np.zeros(3)), **settings)
