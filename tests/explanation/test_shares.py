import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from uqgen.explanation import shares as module
from uqgen.explanation.shares import WeightedScores, balanced_weights, explain_variance, held_out_r2, lmg
from uqgen.metrics.bootstrap import bootstrap

RNG = np.random.default_rng(3)
N = 400
X = RNG.normal(size=(N, 3)) @ np.array([[1.0, 0.6, 0.0], [0.0, 1.0, 0.5], [0.2, 0.0, 1.0]])
Y = X @ [1.0, -2.0, 0.5] + RNG.normal(0, 2, N)
WEIGHT = RNG.integers(1, 5, N).astype(float)


def sample(y=Y, weight=None, cluster=None):
    ones = np.ones(len(y))
    return WeightedScores(y, np.arange(len(y)) if cluster is None else cluster, ones if weight is None else weight)


def named(x=X):
    return {f"x{i}": column for i, column in enumerate(x.T)}


def r2(x, y=Y, weight=None):
    return LinearRegression().fit(x, y, weight).score(x, y, weight)


@pytest.fixture
def plain(monkeypatch):
    """Shares of the sample itself, with the bias that they have of few images."""
    monkeypatch.setattr(module, "_unbiased", lambda values, n, n_columns: values)


def values(estimates):
    return np.array([estimate.value for estimate in estimates.values()])


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_r2_is_that_of_scikit_learn(weight, plain):
    assert explain_variance(named(), sample(weight=weight), 2).r2.value == pytest.approx(r2(X, weight=weight))


def test_shares_sum_to_r2_and_are_the_mean_over_all_orders(plain):
    explained = explain_variance(named(), sample(), 2)
    assert values(explained.shares).sum() == pytest.approx(explained.r2.value)
    alone = [r2(X[:, [i]]) for i in range(3)]
    pairs = {frozenset((i, j)): r2(X[:, [i, j]]) for i, j in [(0, 1), (0, 2), (1, 2)]}
    for i, share in enumerate(values(explained.shares)):
        j, k = {0, 1, 2} - {i}
        after_one = sum(pairs[frozenset((i, other))] - alone[other] for other in (j, k))
        assert share == pytest.approx(alone[i] / 3 + after_one / 6 + (r2(X) - pairs[frozenset((j, k))]) / 3)


def simulate(n, r2, n_simulations=150):
    """Of which share of simulations the intervals of R^2 and of four attributes hold the truth, and their mean values.

    The first attribute explains it all.
    """
    rng, truth = np.random.default_rng(0), np.array([r2, r2, 0, 0, 0])
    held, found = [], []
    for _ in range(n_simulations):
        x = rng.normal(size=(n, 4))
        y = np.sqrt(r2) * x[:, 0] + np.sqrt(1 - r2) * rng.normal(size=n)
        explained = explain_variance(named(x), sample(y), 150)
        estimates = [explained.r2, *explained.shares.values()]
        held.append([each.low <= true <= each.high for each, true in zip(estimates, truth, strict=True)])
        found.append([each.value for each in estimates])
    return np.mean(held, axis=0), np.mean(found, axis=0) - truth


@pytest.mark.parametrize(("n", "r2"), [(50, 0.1), (60, 0.6)])
def test_of_few_images_estimates_have_no_bias_and_intervals_hold_the_truth(n, r2):
    held, bias = simulate(n, r2)
    assert (held >= 0.88).all()  # of 0.95, so few simulations
    assert np.abs(bias).max() < 0.02


def test_without_images_enough_that_count_there_is_a_value_and_no_interval():
    weight = np.where(np.arange(N) < 20, 100.0, 1)
    found = explain_variance(named(), sample(weight=weight), 20)
    assert sample(weight=weight).n_counted == pytest.approx((2_000 + 380) ** 2 / (200_000 + 380))
    assert found.r2.value > 0
    assert np.isnan([found.r2.low, found.r2.high, found.shares["x0"].low]).all()
    assert not np.isnan(found.spearman["x0"].low)


def test_of_next_to_no_images_there_is_no_rank_correlation():
    few = slice(module.FEWEST_RANKED - 1)
    assert np.isnan(values(explain_variance(named(X[few]), sample(Y[few]), 2).spearman)).all()
    few = slice(module.FEWEST_RANKED)
    assert not np.isnan(values(explain_variance(named(X[few]), sample(Y[few]), 2).spearman)).any()


def test_independent_attributes_have_the_share_of_their_squared_correlation(plain):
    x = np.linalg.qr(np.column_stack([np.ones(N), X]))[0][:, 1:]
    explained = explain_variance(named(x), sample(), 2)
    np.testing.assert_allclose(values(explained.shares), [np.corrcoef(column, Y)[0, 1] ** 2 for column in x.T])


def test_several_columns_are_one_attribute(plain):
    kind = RNG.integers(4, size=N)
    indicators = np.eye(4)[kind][:, 1:]
    explained = explain_variance({"kind": indicators, "x0": X[:, 0]}, sample(), 2)
    assert explained.r2.value == pytest.approx(r2(np.column_stack([indicators, X[:, 0]])))
    assert explained.spearman.keys() == {"x0"}
    of_kind = np.array([Y[kind == k].mean() for k in range(4)])[kind]
    assert explain_variance({"kind": indicators}, sample(), 2).r2.value == pytest.approx(of_kind.var() / Y.var())


def test_attributes_that_others_determine_or_that_are_constant_add_nothing(plain):
    twice = {**named(), "same": 3 * X[:, 0] - 1, "constant": np.full(N, 7.0)}
    explained = explain_variance(twice, sample(), 50)
    assert explained.r2.value == pytest.approx(r2(X))
    assert explained.shares["same"].value == pytest.approx(explained.shares["x0"].value)
    assert vars(explained.shares["constant"]) == pytest.approx({"value": 0, "low": 0, "high": 0}, abs=1e-12)
    assert explained.spearman["constant"].value == pytest.approx(0, abs=1e-12)


def test_a_constant_score_leaves_nothing_to_explain():
    explained = explain_variance(named(), sample(np.full(N, 0.7)), 10)
    assert np.isnan(
        [explained.r2.value, explained.r2.low, *values(explained.shares), *values(explained.spearman)]
    ).all()


def test_spearman_is_that_of_scipy():
    y = Y.round()  # with ties
    found = explain_variance(named(), sample(y), 2).spearman
    np.testing.assert_allclose(values(found), [stats.spearmanr(column, y).statistic for column in X.T])


def test_a_weight_counts_as_often_as_it_says(plain):
    weight = WEIGHT.astype(int)
    weighted = explain_variance(named(), sample(weight=WEIGHT), 2)
    repeated = explain_variance(named(X.repeat(weight, axis=0)), sample(Y.repeat(weight)), 2)
    np.testing.assert_allclose(values(weighted.shares), values(repeated.shares))
    np.testing.assert_allclose(values(weighted.spearman), values(repeated.spearman))


def test_intervals_are_as_wide_as_those_of_the_ordinary_bootstrap(plain):
    found = explain_variance({"x1": X[:, 1]}, sample(), 4_000, seed=1).r2

    def squared_correlation(x, y):
        x, y = x - x.mean(axis=-1, keepdims=True), y - y.mean(axis=-1, keepdims=True)
        return {"r2": np.vecdot(x, y) ** 2 / np.vecdot(x, x) / np.vecdot(y, y)}

    expected = bootstrap(squared_correlation, (X[:, 1], Y), 4_000, seed=2)["r2"]
    assert found.value == pytest.approx(expected.value)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_images_of_a_cluster_are_no_news(plain):
    once = explain_variance(named(), sample(), 100)
    thrice = explain_variance(named(np.tile(X, (3, 1))), sample(np.tile(Y, 3), cluster=np.tile(np.arange(N), 3)), 100)
    for name, share in once.shares.items():
        assert vars(thrice.shares[name]) == pytest.approx(vars(share))
    apart = explain_variance(named(np.tile(X, (3, 1))), sample(np.tile(Y, 3)), 100)
    assert apart.r2.high - apart.r2.low < 0.8 * (once.r2.high - once.r2.low)


def test_more_attributes_make_no_share_of_a_resample_negative():
    correlation = np.corrcoef(np.column_stack([RNG.normal(size=(N, 6)), Y]).T)
    assert (lmg(correlation, [1, 2, 3]) >= 0).all()


def test_balanced_weights_spread_scores_evenly():
    score = np.concatenate([RNG.uniform(0.3, 0.65, 40), RNG.uniform(0.65, 1, 400), [1.2]])
    weight = balanced_weights(score, 0.3, 1, 2)
    assert weight[score < 0.65].sum() == pytest.approx(1)
    assert weight[score >= 0.65].sum() == pytest.approx(1)
    assert balanced_weights(score[:5], 0.3, 1, 2).tolist() == [1 / module.FEWEST] * 5


def test_a_forest_explains_held_out_images_and_a_line_need_not():
    x = RNG.uniform(-1, 1, (1_000, 2))
    bent = sample(np.abs(x[:, 0]) + 0.05 * RNG.normal(size=1_000))
    assert explain_variance(named(x), bent, 2).r2.value < 0.05
    found = held_out_r2(x, bent, 200)
    assert 0.8 < found.low <= found.value <= found.high < 1


def test_a_forest_sees_no_image_of_a_cluster_it_is_tried_on():
    x, y = RNG.normal(size=(60, 2)), RNG.normal(size=60)
    copies = sample(y.repeat(20), cluster=np.arange(60).repeat(20))
    assert held_out_r2(x.repeat(20, axis=0), copies, 10).value < 0.2
    assert held_out_r2(x.repeat(20, axis=0), sample(y.repeat(20)), 10).value > 0.7
