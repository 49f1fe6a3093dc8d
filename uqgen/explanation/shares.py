"""How much of the score image attributes explain.

The score is regressed linearly on the attributes. Each attribute's share of R^2 is the mean of what it adds over all
orders in which the attributes can enter: Lindeman, Merenda and Gold (1980), LMG; Groemping (2007), "Estimators of
relative importance in linear regression based on variance decomposition", which are Shapley values of R^2. So shares
sum to R^2 however much the attributes depend on each other.

R^2 of a sample is above that of all images, by the number of columns for each image or so, and that of a resample is
above that of the sample by as much again. So estimates are less this bias, as the bootstrap finds it, and the quantiles
of the resamples are less twice of it (Efron and Tibshirani, 1993, section 10.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GroupKFold, cross_val_predict

from uqgen.metrics.bootstrap import TAILS, Array, Estimate, Floats, bootstrap
from uqgen.metrics.paired_statistics import FEWEST_RANKED

N_FOLDS = 5
LEAF = 20  # images of a leaf, at least: weights make few of them count much
FEWEST = 10  # images of a bin that has its full weight
PER_COLUMN = 10  # images for each column, with fewer of which a regression fits whatever the scores are
SINGULAR = 1e-9  # share of a column's variance below which the columns before it are taken to determine it


@dataclass(frozen=True)
class Explained:
    """What a linear regression of the score says.

    Attributes:
        n: number of images.
        r2: share of the score's variance that all attributes together explain, without the bias of few images, so that
            it may be below 0; NaN where the score is constant, and where there are too few images (`has_enough`).
            Without an interval where there are too few that count (`WeightedScores.n_counted`).
        shares: of each attribute, the part of `r2` that is its own; they sum to it.
        spearman: of each attribute that is a single number, its rank correlation with the score; NaN where one of them
            is constant, and of fewer than `FEWEST_RANKED` images.
    """

    n: int
    r2: Estimate
    shares: dict[str, Estimate]
    spearman: dict[str, Estimate]


@dataclass(frozen=True)
class WeightedScores:
    """Scores of N images, and how they are to be counted.

    Attributes:
        score: float64 [N].
        cluster: int [N]; images of one cluster, such as those of one noise, are resampled together.
        weight: float64 [N], above 0.
    """

    score: Floats
    cluster: Array
    weight: Floats

    @property
    def n_counted(self) -> float:
        """How many images that count alike say as much: Kish (1965), "Survey sampling"."""
        return float(self.weight.sum() ** 2 / np.square(self.weight).sum())

    def select(self, index: Array) -> "WeightedScores":
        """The images at these positions."""
        return WeightedScores(self.score[index], self.cluster[index], self.weight[index])


def balanced_weights(score: Floats, low: float, high: float, n_bins: int) -> Floats:
    """Weights under which scores are spread evenly, so that real images, most of them certain, compare with others.

    Args:
        score: float [N].
        low, high: ends of the range that is cut into bins; scores beyond count as the end.
        n_bins: number of bins.

    Returns:
        float64 [N]: one by the number of images in the bin, or by `FEWEST` if there are fewer.
    """
    bins = ((score - low) / (high - low) * n_bins).astype(np.int64).clip(0, n_bins - 1)
    return 1 / np.maximum(np.bincount(bins, minlength=n_bins), FEWEST)[bins]


def has_enough(n: float, n_columns: int) -> bool:
    """Whether a regression of n images on so many columns says something of other images, too."""
    return n >= PER_COLUMN * n_columns


def explain_variance(
    attributes: Mapping[str, ArrayLike], sample: WeightedScores, n_resamples: int = 1_000, seed: int = 0
) -> Explained:
    """Shares of the score's variance, with 95 % intervals over resampled clusters.

    Intervals of rank correlations are of percentiles, and keep the ranks of the whole sample.

    Args:
        attributes: for each name float [N], or float [N, D] where D columns are one attribute, such as indicators.
        sample: scores of the same images.
        n_resamples: number of bootstrap resamples.
        seed: draws them.
    """
    columns = {
        name: np.asarray(values, np.float64).reshape(len(sample.score), -1) for name, values in attributes.items()
    }
    single = {name: values[:, 0] for name, values in columns.items() if values.shape[1] == 1}
    ranks = [_ranks(values, sample.weight) for values in (*single.values(), sample.score)]
    n_clusters = len(np.unique(sample.cluster))
    drawn = np.random.default_rng(seed).multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), n_resamples)
    counts = np.vstack([np.ones(n_clusters), drawn])  # the sample itself comes first
    n, widths = len(sample.score), [values.shape[1] for values in columns.values()]
    shares = lmg(_correlations(np.column_stack([*columns.values(), sample.score]), sample, counts), widths)
    shares = _unbiased(shares, sample.n_counted, sum(widths))
    if not has_enough(n, sum(widths)):
        shares = np.full_like(shares, np.nan)
    rank_correlation = _correlations(np.column_stack(ranks), sample, counts)[:, :-1, -1]
    if n < FEWEST_RANKED:
        rank_correlation = np.full_like(rank_correlation, np.nan)
    return Explained(
        n=n,
        r2=_estimate(shares.sum(axis=1)),
        shares={name: _estimate(values) for name, values in zip(columns, shares.T, strict=True)},
        spearman={name: _estimate(values) for name, values in zip(single, rank_correlation.T, strict=True)},
    )


def held_out_r2(attributes: Floats, sample: WeightedScores, n_resamples: int = 1_000, seed: int = 0) -> Estimate:
    """Share of the variance that a random forest explains of images it has not seen: whether a line misses much.

    The images of a cluster are left out together.

    Args:
        attributes: float [N, P].
        sample: scores of the same images.
        n_resamples: number of bootstrap resamples of the clusters.
        seed: draws them.

    Returns:
        1 less the mean squared error by the variance; below 0 where the mean would do better; NaN where there are fewer
        than `N_FOLDS` clusters or too few images (`has_enough`).
    """
    if len(np.unique(sample.cluster)) < N_FOLDS or not has_enough(*attributes.shape):
        return Estimate(np.nan, np.nan, np.nan)
    forest = RandomForestRegressor(min_samples_leaf=LEAF, max_features=1 / 3, random_state=seed)
    weight = sample.weight
    predicted = cross_val_predict(
        forest,
        attributes,
        sample.score,
        groups=sample.cluster,
        cv=GroupKFold(N_FOLDS),
        params={"sample_weight": weight},
    )
    cluster = np.unique(sample.cluster, return_inverse=True)[1]
    parts = (np.ones_like(weight), sample.score, sample.score**2, (sample.score - predicted) ** 2)
    sums = tuple(np.bincount(cluster, weight * part) for part in parts)
    return bootstrap(_r2_of_sums, sums, n_resamples, seed)["r2"]


def lmg(correlation: Floats, widths: list[int]) -> Floats:
    """Shares of R^2 of groups of columns.

    Args:
        correlation: float [..., D + 1, D + 1], of D columns and, last, of what they are to explain; NaN where that is
            constant, 0 where a column is.
        widths: number of columns of each of the P groups, of sum D.

    Returns:
        float64 [..., P].
    """
    r2 = _r2_of_subsets(correlation, widths)
    n_groups, subsets = len(widths), np.arange(r2.shape[-1])
    size = np.bitwise_count(subsets).astype(int)
    weights = np.empty((len(subsets), n_groups))
    for group in range(n_groups):
        has = (subsets >> group) & 1
        others = size - has
        orders = [n_groups * comb(n_groups - 1, int(other)) for other in others]
        weights[:, group] = np.where(has, 1, -1) / orders
    return np.maximum(r2 @ weights, 0)  # below it by rounding alone


def _r2_of_subsets(correlation: Floats, widths: list[int]) -> Floats:
    """R^2 of every subset of the groups, [..., 2^P]; group i is in subset s where bit i of s is set."""
    ends = np.cumsum([0, *widths])
    r2 = np.empty((*correlation.shape[:-2], 2 ** len(widths)))

    def visit(residual: Floats, first: int, subset: int) -> None:
        r2[..., subset] = correlation[..., -1, -1] - residual[..., -1, -1]
        for group in range(first, len(widths)):
            rest = residual
            for column in range(ends[group], ends[group + 1]):
                rest = _without(rest, column)
            visit(rest, group + 1, subset | 1 << group)

    visit(correlation, 0, 0)
    return r2


def _unbiased(values: Floats, n: float, n_columns: int) -> Floats:
    """Values of a sample, the first row, and of its resamples, [R, P], less their bias: once, and twice.

    Args:
        values: where NaN, a resample is not defined.
        n: number of images that count; the resamples become NaN where there are too few.
        n_columns: of the regression, whose residuals vary less than errors do; resamples are spread as much more.
    """
    resampled = values[1:]
    defined = resampled[~np.isnan(resampled).any(axis=1)]
    mean = defined.mean(axis=0) if len(defined) else values[0]
    spread = np.sqrt(n / (n - n_columns - 1)) if has_enough(n, n_columns) else np.nan
    value = values[0] - (mean - values[0])
    return np.vstack([value, value + spread * (resampled - mean)])


def _without(covariance: Floats, column: int) -> Floats:
    """What is left of a covariance [..., D, D] once everything is regressed on one column: a step of elimination."""
    pivot = covariance[..., column, column]
    is_free = pivot > SINGULAR
    scale = np.where(is_free, 1 / np.where(is_free, pivot, 1), 0)
    with_pivot = covariance[..., column]
    return covariance - scale[..., None, None] * with_pivot[..., :, None] * with_pivot[..., None, :]


def _correlations(columns: Floats, sample: WeightedScores, counts: Floats) -> Floats:
    """Weighted correlations of columns [N, D] in each resample, [R, D, D]; counts [R, G] say how often a cluster came.

    A resample is a sum of the clusters' moments, so no image is touched again.
    """
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1)  # keeps digits in the subtraction below
    design = np.column_stack([np.ones(len(scaled)), scaled])
    order = sample.cluster.argsort(kind="stable")
    starts = np.unique(sample.cluster[order], return_index=True)[1]
    products = sample.weight[order, None, None] * design[order, :, None] * design[order, None, :]
    moments = np.tensordot(counts, np.add.reduceat(products, starts), axes=1)
    moments /= moments[:, :1, :1]
    covariance = moments[:, 1:, 1:] - moments[:, 1:, :1] * moments[:, :1, 1:]
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2).clip(0))
    varies = deviation > SINGULAR
    unit = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
    unit[:, -1] = np.where(varies[:, -1], unit[:, -1], np.nan)
    return covariance * unit[:, :, None] * unit[:, None, :]


def _ranks(values: Floats, weight: Floats) -> Floats:
    """Ranks [N] of values [N] that count by their weight; ties share their mean rank."""
    code = np.unique(values, return_inverse=True)[1]
    mass = np.bincount(code, weight)
    return (mass.cumsum() - mass / 2)[code]


def _r2_of_sums(n: Floats, y: Floats, y_squared: Floats, squared_error: Floats) -> dict[str, Floats]:
    """1 - error / variance over the last axis, from the clusters' sums."""
    total, mean = n.sum(axis=-1), y.sum(axis=-1) / n.sum(axis=-1)
    variance = y_squared.sum(axis=-1) / total - mean**2
    varies = variance > 0
    error = squared_error.sum(axis=-1) / total
    return {"r2": np.where(varies, 1 - error / np.where(varies, variance, 1), np.nan)}


def _estimate(values: NDArray[np.float64]) -> Estimate:
    """The first value with the interval of the others, those that are not defined left out."""
    defined = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(defined, TAILS) if len(defined) else (np.nan, np.nan)
    return Estimate(float(values[0]), float(low), float(high))
