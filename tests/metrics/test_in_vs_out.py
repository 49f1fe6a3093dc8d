import json
import math
import time
from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from uqgen.metrics.bootstrap import bootstrap
from uqgen.metrics.in_vs_out import by_class, in_vs_out
from uqgen.metrics.paired_statistics import FEWEST_RANKED, mean_absolute_error, pearson, ranks, tie_codes
from uqgen.metrics.plain import as_plain

EDGES = np.linspace(0, 1, 6)


@pytest.fixture
def scores():
    """Requested and achieved scores with ties, as rounded MSPs have."""
    rng = np.random.default_rng(2)
    requested = rng.uniform(0.1, 1.0, 500).round(2)
    return requested, np.clip(0.8 * requested + rng.normal(0.1, 0.08, 500), 0, 1).round(2)


def test_agreement_is_that_of_scikit_learn_and_scipy(scores):
    requested, achieved = scores
    result = in_vs_out(requested, achieved, edges=EDGES, n_resamples=2)
    assert result.n == 500
    assert result.mae.value == pytest.approx(metrics.mean_absolute_error(requested, achieved))
    assert result.rmse.value == pytest.approx(metrics.root_mean_squared_error(requested, achieved))
    assert result.r2.value == pytest.approx(metrics.r2_score(requested, achieved))
    assert result.pearson.value == pytest.approx(stats.pearsonr(requested, achieved).statistic)
    assert result.spearman.value == pytest.approx(stats.spearmanr(requested, achieved).statistic)


def test_intervals_are_those_of_the_statistics_recomputed_on_every_resample(scores):
    def one_by_one(requested, achieved):
        functions = {
            "spearman": lambda a, b: stats.spearmanr(a, b).statistic,
            "pearson": lambda a, b: stats.pearsonr(a, b).statistic,
            "r2": metrics.r2_score,
            "rmse": metrics.root_mean_squared_error,
            "mae": metrics.mean_absolute_error,
            "bias": lambda a, b: np.mean(b - a),
        }
        rows = list(zip(np.atleast_2d(requested), np.atleast_2d(achieved), strict=True))
        return {name: np.squeeze([function(*row) for row in rows]) for name, function in functions.items()}

    slow = bootstrap(one_by_one, scores, n_resamples=40, seed=9)
    fast = in_vs_out(*scores, edges=EDGES, n_resamples=40, seed=9)
    for name, estimate in slow.items():
        assert astuple(getattr(fast, name)) == pytest.approx(astuple(estimate)), name


def test_constant_shift_has_closed_forms():
    requested = np.arange(64) / 64
    result = in_vs_out(requested, requested + 0.25, edges=EDGES, n_resamples=50)
    for estimate in (result.mae, result.rmse, result.bias):
        assert astuple(estimate) == pytest.approx((0.25, 0.25, 0.25))
    for estimate in (result.pearson, result.spearman):
        assert astuple(estimate) == pytest.approx((1.0, 1.0, 1.0))
    assert result.r2.value == pytest.approx(1 - 0.25**2 / requested.var())
    assert astuple(in_vs_out(requested, requested - 0.25, edges=EDGES, n_resamples=5).bias) == pytest.approx(
        (-0.25,) * 3
    )


def test_ranks_ignore_the_shape_of_a_monotonous_relation():
    requested = np.linspace(0.1, 1, 100)
    result = in_vs_out(requested, requested**5, edges=EDGES, n_resamples=2)
    assert result.spearman.value == pytest.approx(1.0)
    assert result.pearson.value < 0.95
    assert in_vs_out(requested, -requested, edges=EDGES, n_resamples=2).spearman.value == pytest.approx(-1.0)


def test_shares_hold_their_limit():
    achieved = np.array([0.05, -0.05, 0.0501, 0.1, -0.1, 0.1001, 0.0, 0.5])
    result = in_vs_out(np.zeros(8), achieved, edges=EDGES, n_resamples=2)
    assert result.within_005.value == 3 / 8
    assert result.within_01.value == 6 / 8


@pytest.mark.parametrize("shape", [(9,), (4, 30)])
def test_ranks_are_those_of_scipy(shape):
    values = np.random.default_rng(1).integers(0, 12, shape) / 7
    codes = tie_codes(values.ravel()).reshape(shape)
    np.testing.assert_array_equal(ranks(codes), stats.rankdata(values, axis=-1))


@pytest.mark.parametrize("constant", [0.1, 1 / 3, 1.0])
def test_constant_requested_score_has_no_correlation(constant):
    achieved = np.random.default_rng(0).uniform(size=77)
    result = in_vs_out(np.full(77, constant), achieved, edges=EDGES, n_resamples=20)
    for estimate in (result.pearson, result.spearman, result.r2):
        assert np.isnan(astuple(estimate)).all()
    assert result.mae.value == pytest.approx(np.abs(achieved - constant).mean())
    assert math.isnan(pearson(achieved, np.full(77, constant)))


def test_single_image_has_values_without_intervals():
    result = in_vs_out([0.5], [0.75], edges=EDGES)
    assert (result.n, result.mae.value, result.bias.value) == (1, 0.25, 0.25)
    assert math.isnan(result.mae.low)
    assert math.isnan(result.pearson.value)


def test_functions_work_along_the_last_axis():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 30))
    np.testing.assert_allclose(pearson(a, b), [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(mean_absolute_error(a, b), [np.abs(x - y).mean() for x, y in zip(a, b, strict=True)])


def test_curve_groups_by_requested_score():
    requested = np.array([0.0, 0.1, 0.1, 0.1, 0.5, 1.0, 1.5, -0.5])
    achieved = np.array([0.9, 0.0, 0.1, 0.5, 0.3, 0.7, 0.8, 0.8])
    first, empty, last = in_vs_out(requested, achieved, edges=[0, 0.25, 0.5, 1.0]).curve
    assert (first.low, first.high, first.n) == (0.0, 0.25, 4)
    assert (first.mean.value, first.median.value) == pytest.approx((0.375, 0.3))
    assert (first.lower_quartile, first.upper_quartile) == pytest.approx((0.075, 0.6))
    assert first.median.low <= 0.3 <= first.median.high
    assert (last.n, last.mean.value) == (2, pytest.approx(0.5))
    assert (empty.low, empty.high, empty.n) == (0.25, 0.5, 0)
    assert np.isnan([*astuple(empty.mean), *astuple(empty.median), empty.lower_quartile, empty.upper_quartile]).all()


def test_curve_has_the_intervals_of_the_mean_and_the_median_in_each_bin(scores):
    requested, achieved = scores
    point = in_vs_out(requested, achieved, edges=[0.3, 0.6, 1.0], n_resamples=200, seed=4).curve[0]
    inside = achieved[(requested >= 0.3) & (requested < 0.6)]
    for name, function in {"mean": np.mean, "median": np.median}.items():
        expected = bootstrap(lambda x, function=function: {"": function(x, axis=-1)}, (inside,), 200, seed=4)[""]
        assert getattr(point, name) == expected
        assert expected.low < expected.value < expected.high


def test_classes_are_compared_apart(scores):
    requested, achieved = scores
    labels = np.arange(500) % 3 * 2
    classes = by_class(requested, achieved, labels, list("abcde"), n_resamples=10, seed=1)
    assert list(classes) == ["a", "c", "e"]
    assert classes["c"] == in_vs_out(requested[1::3], achieved[1::3], n_resamples=10, seed=1)
    assert classes["c"].curve == ()


def test_plain_values_survive_json():
    plain = as_plain(in_vs_out([0.5, 0.5], [0.5, 0.75], edges=[0, 0.5, 1], n_resamples=5))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["pearson"] == {"value": None, "low": None, "high": None}
    assert plain["mae"]["value"] == 0.125
    assert plain["curve"][0] == {
        "low": 0.0,
        "high": 0.5,
        "n": 0,
        "mean": {"value": None, "low": None, "high": None},
        "median": {"value": None, "low": None, "high": None},
        "lower_quartile": None,
        "upper_quartile": None,
    }
    assert as_plain((math.inf, -math.inf, 1, "a", None, True)) == [None, None, 1, "a", None, True]


@pytest.mark.parametrize("bad", [[0.1, math.nan], [0.1, math.inf], [0.1], [[0.1, 0.2]], []])
def test_bad_scores_are_refused(bad):
    for requested, achieved in (([0.1, 0.2], bad), (bad, [0.1, 0.2])):
        with pytest.raises(ValueError, match=r"requested|achieved"):
            in_vs_out(requested, achieved, edges=EDGES)


def test_no_scores_at_all_are_refused():
    with pytest.raises(ValueError, match="N above 0"):
        in_vs_out([], [], edges=EDGES)


@pytest.mark.parametrize("edges", [[0.5], [0, 0.5, 0.5], [1, 0], [[0, 1]], [0, math.nan]])
def test_edges_must_increase(edges):
    with pytest.raises(ValueError, match="edges"):
        in_vs_out([0.1, 0.2], [0.1, 0.2], edges=edges, n_resamples=1)


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        by_class([0.1, 0.2], [0.1, 0.2], [0], ["zero"])


def test_ten_thousand_images_take_seconds():
    rng = np.random.default_rng(0)
    requested = rng.uniform(0.1, 1, 10_000)
    start = time.process_time()
    in_vs_out(requested, requested + rng.normal(0, 0.1, 10_000), edges=EDGES)
    assert time.process_time() - start < 10


def test_of_next_to_no_images_there_is_no_rank_correlation():
    requested = np.linspace(0, 1, FEWEST_RANKED)
    for n, is_known in ((FEWEST_RANKED, True), (FEWEST_RANKED - 1, False), (2, False)):
        found = in_vs_out(requested[:n], requested[:n] ** 2, edges=EDGES, n_resamples=5)
        assert np.isnan(found.spearman.value) != is_known
        assert found.pearson.value > 0.9
