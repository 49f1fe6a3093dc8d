import math

import numpy as np
import pytest
from scipy import stats

from uqgen.comparison.variants import compare_jobs, over_seeds, uniform_curve
from uqgen.metrics.metric import compared


@pytest.mark.parametrize("n", [2, 3, 10])
def test_interval_is_that_of_scipy(n):
    values = np.random.default_rng(n).normal(5, 2, n)
    found = over_seeds(values)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert (found.n, found.mean) == (n, pytest.approx(values.mean()))
    assert (found.low, found.high) == pytest.approx(expected)


def test_interval_of_two_is_that_of_cauchy():
    # With one degree of freedom t is the Cauchy distribution, whose quantiles are tangents.
    found = over_seeds([1.0, 4.0])
    half = math.tan(math.pi * 0.475) * 1.5
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half))


def test_interval_holds_the_truth_in_95_of_100_cases():
    rng = np.random.default_rng(0)
    estimates = [over_seeds(rng.normal(size=3)) for _ in range(2_000)]
    assert np.mean([found.low < 0 < found.high for found in estimates]) == pytest.approx(0.95, abs=0.015)


def test_one_value_has_no_interval_and_none_no_mean():
    one, none = over_seeds([0.7]), over_seeds([])
    assert (one.n, one.mean, none.n) == (1, 0.7, 0)
    assert np.isnan([one.low, one.high, none.mean, none.low, none.high]).all()


def test_equal_values_have_an_interval_of_no_width():
    assert over_seeds([0.5, 0.5]) == over_seeds((0.5, np.nan, 0.5))
    assert (over_seeds([0.5, 0.5]).low, over_seeds([0.5, 0.5]).high) == (0.5, 0.5)


def test_jobs_are_grouped_by_variant_in_their_order(make_job):
    jobs = [make_job("b", 0, 0.5), make_job("a", 0, 0.2), make_job("b", 1, 0.7), make_job("b", 2), make_job("c", 0)]
    comparison = compare_jobs("sweep", jobs)
    assert [(variant.name, [job.seed for job in variant.jobs]) for variant in comparison.variants] == [
        ("b", [0, 1, 2]),
        ("a", [0]),
        ("c", [0]),
    ]
    assert [len(variant.complete) for variant in comparison.variants] == [2, 1, 0]
    assert (len(comparison.jobs), comparison.n_complete) == (5, 3)
    agreement = next(metric for metric in compared() if metric.name == "data_class_agreement")
    assert [variant.over_seeds(agreement).values for variant in comparison.variants] == [(0.5, 0.7), (0.2,), ()]


def test_metrics_that_no_job_has_are_left_out(make_job):
    images, points = make_job("a", 0, 0.5), make_job("b", 0, 0.5, is_image=False)
    keys = [
        [metric.name for metric in compare_jobs("", jobs).metrics] for jobs in ([images], [points], [images, points])
    ]
    every = [metric.name for metric in compared()]
    absent = {"distance_in_bin_2", "distance_in_bin_3"}
    of_images = {"fid", "kid", "shift_sensitivity", "isolated_pixels", "two_sample_auroc", "surely_told"}
    of_images, of_points = of_images | {"attribute_difference"}, {"sliced_wasserstein"}
    expected = [[key for key in every if key not in left] for left in (absent | of_points, absent | of_images, absent)]
    assert keys == expected
    assert compare_jobs("", [make_job("a", 0)]).metrics == ()
    assert {metric.name for metric in compare_jobs("", [points]).main_metrics} == {
        "uniform_mae",
        "uniform_pearson",
        "data_class_agreement",
        "uniform_judges_pearson",
        "coverage",
        "sliced_wasserstein",
    }


def test_a_curve_is_the_mean_over_seeds_between_lowest_and_highest(make_job):
    jobs = [make_job("a", seed, quality) for seed, quality in enumerate((0.2, 0.5, 0.9))]
    points = [[point["mean"]["value"] for point in job.results["in_vs_out"]["uniform"]["curve"]] for job in jobs]
    curve = uniform_curve(jobs)
    np.testing.assert_array_equal(curve.requested, [0.25, 0.75])
    np.testing.assert_allclose(curve.mean, np.mean(points, axis=0))
    np.testing.assert_array_equal(curve.low, np.min(points, axis=0))
    np.testing.assert_array_equal(curve.high, np.max(points, axis=0))


def test_a_curve_has_a_gap_where_no_seed_has_an_image(make_job):
    jobs = [make_job("a", seed, 0.5 + seed / 10) for seed in (0, 1)]
    curves = [job.results["in_vs_out"]["uniform"]["curve"] for job in jobs]
    for curve in curves:
        curve[0]["mean"]["value"] = None
    curves[0][1]["mean"]["value"] = None
    found, left = uniform_curve(jobs), curves[1][1]["mean"]["value"]
    for part in (found.mean, found.low, found.high):
        np.testing.assert_array_equal(part, [np.nan, left])


def test_a_curve_puts_bins_of_seeds_together_whose_ranges_differ(make_job):
    jobs = [make_job("a", seed, 0.5 + seed / 10) for seed in (0, 1)]
    curves = [job.results["in_vs_out"]["uniform"]["curve"] for job in jobs]
    for point in curves[1]:
        point["low"], point["high"] = point["low"] + 0.1, point["high"] + 0.1
    found, means = uniform_curve(jobs), [[point["mean"]["value"] for point in curve] for curve in curves]
    np.testing.assert_allclose(found.requested, [0.3, 0.8])
    np.testing.assert_allclose(found.mean, np.mean(means, axis=0))
    np.testing.assert_array_equal(found.high, np.max(means, axis=0))
    curves[1].pop()
    np.testing.assert_allclose(uniform_curve(jobs).mean, [np.mean([of[0] for of in means]), means[0][1]])


def test_there_is_no_curve_of_no_job():
    assert len(uniform_curve([]).requested) == 0
