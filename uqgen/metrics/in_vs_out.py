"""How near the achieved scores are to the requested ones: Le Coz et al. (2023), figures 2b and 4, in numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from uqgen.metrics.bootstrap import Estimate, Floats, bootstrap
from uqgen.metrics.metric import Better, Metric, Row, ScorePairs, per_protocol, register
from uqgen.metrics.paired_statistics import paired_statistics, tie_codes


@dataclass(frozen=True)
class CurvePoint:
    """The achieved scores of the images whose requested score lies in one bin.

    Attributes:
        low, high: edges of the bin; it holds low <= requested < high, the last bin also requested = high.
        n: number of images in the bin. Where it is 0, everything below is NaN.
        mean, median: of the achieved scores.
        lower_quartile, upper_quartile: of the achieved scores.
    """

    low: float
    high: float
    n: int
    mean: Estimate
    median: Estimate
    lower_quartile: float
    upper_quartile: float


@dataclass(frozen=True)
class InVsOut:
    """Agreement of requested and achieved scores.

    Attributes:
        n: number of images N.
        mae: mean of |achieved - requested|.
        rmse: root of the mean of (achieved - requested)^2.
        bias: mean of achieved - requested.
        pearson: linear correlation; NaN where either side is constant.
        spearman: Pearson correlation of the ranks, ties sharing their mean rank; NaN where either side is constant.
        r2: coefficient of determination with the requested score as the truth and the achieved score as its prediction,
            1 - sum (requested - achieved)^2 / sum (requested - mean requested)^2; at most 1, 0 for always achieving the
            mean requested score, NaN where the requested score is constant.
        within_005, within_01: share of images with |achieved - requested| at most 0.05 and 0.1.
        curve: one point for each bin of requested scores; none without bins.
    """

    n: int
    mae: Estimate
    rmse: Estimate
    bias: Estimate
    pearson: Estimate
    spearman: Estimate
    r2: Estimate
    within_005: Estimate
    within_01: Estimate
    curve: tuple[CurvePoint, ...]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "InVsOut":
        """What `uqgen.metrics.plain.as_plain` made plain values of, such as stand in results.json, back again."""
        curve = tuple(CurvePoint(**_estimates(point)) for point in plain["curve"])
        return cls(**{**_estimates(plain), "curve": curve})


def in_vs_out(
    requested: ArrayLike, achieved: ArrayLike, *, edges: ArrayLike = (), n_resamples: int = 1_000, seed: int = 0
) -> InVsOut:
    """Compares requested with achieved scores.

    Args:
        requested: float [N], finite, N at least 1.
        achieved: float [N], finite.
        edges: float [B + 1], increasing, the edges of the B bins of the curve; a score outside all bins counts
            everywhere but in the curve. Empty for no curve.
        n_resamples: number of bootstrap resamples.
        seed: draws the resamples.

    Raises:
        ValueError: the arrays are empty, differ in length or hold a NaN or infinity; the edges do not increase.
        SettingError: n_resamples or seed is out of range.

    Examples:
        >>> found = in_vs_out([0.5, 0.7, 0.9], [0.6, 0.7, 0.9], edges=[0, 0.6, 1])
        >>> round(found.mae.value, 3), found.curve[1].n
        (0.033, 2)
    """
    requested, achieved = _checked(requested, achieved)
    columns = (requested, achieved, tie_codes(requested), tie_codes(achieved))
    statistics = bootstrap(paired_statistics, columns, n_resamples, seed)
    edges = np.asarray(edges)
    curve = _curve(requested, achieved, edges, n_resamples, seed) if edges.size else ()
    return InVsOut(n=len(requested), **statistics, curve=curve)


def by_class(
    requested: ArrayLike,
    achieved: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str],
    *,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> dict[str, InVsOut]:
    """`in_vs_out` of each class that occurs, in the order of the labels, without curves.

    Args:
        requested, achieved, n_resamples, seed: as in `in_vs_out`.
        labels: int [N], the class of each image, in 0 .. K - 1.
        class_names: K names.

    Raises:
        ValueError: as in `in_vs_out`; the labels differ in length from the scores.
    """
    requested, achieved, labels = np.asarray(requested), np.asarray(achieved), np.asarray(labels)
    if labels.shape != requested.shape or labels.shape != achieved.shape:
        raise ValueError(
            f"labels {labels.shape}, requested {requested.shape} and achieved {achieved.shape} differ in length"
        )
    of_class = {class_names[label]: labels == label for label in np.unique(labels)}
    return {
        name: in_vs_out(requested[chosen], achieved[chosen], n_resamples=n_resamples, seed=seed)
        for name, chosen in of_class.items()
    }


def in_vs_out_of(pairs: ScorePairs, achieved: Tensor) -> InVsOut:
    """`in_vs_out` of the requested scores and those that anyone gives, float32 [N]."""
    return in_vs_out(pairs.requested, achieved, edges=pairs.edges, n_resamples=pairs.n_resamples, seed=pairs.seed)


@per_protocol("in_vs_out")
def _of_target(pairs: ScorePairs) -> InVsOut:
    return in_vs_out_of(pairs, pairs.achieved)


@per_protocol("by_class")
def _of_each_class(pairs: ScorePairs) -> dict[str, InVsOut]:
    given = pairs.requested, pairs.achieved, pairs.label, pairs.class_names
    return by_class(*given, n_resamples=pairs.n_resamples, seed=pairs.seed)


def _curve(requested: Floats, achieved: Floats, edges: Floats, n_resamples: int, seed: int) -> tuple[CurvePoint, ...]:
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise ValueError(f"edges must be two or more increasing numbers, not {edges}")
    bins = np.searchsorted(edges, requested, side="right") - 1
    bins[requested == edges[-1]] = len(edges) - 2
    return tuple(
        _curve_point(float(low), float(high), achieved[bins == position], n_resamples, seed)
        for position, (low, high) in enumerate(pairwise(edges))
    )


def _curve_point(low: float, high: float, achieved: Floats, n_resamples: int, seed: int) -> CurvePoint:
    if len(achieved) == 0:
        nothing = Estimate(np.nan, np.nan, np.nan)
        return CurvePoint(low, high, 0, nothing, nothing, np.nan, np.nan)
    centre = bootstrap(_centre, (achieved,), n_resamples, seed)
    lower, upper = np.quantile(achieved, (0.25, 0.75))
    return CurvePoint(low, high, len(achieved), centre["mean"], centre["median"], float(lower), float(upper))


def _centre(achieved: Floats) -> dict[str, Floats]:
    return {"mean": achieved.mean(axis=-1), "median": np.median(achieved, axis=-1)}


def _checked(requested: ArrayLike, achieved: ArrayLike) -> tuple[Floats, Floats]:
    arrays = np.asarray(requested, dtype=np.float64), np.asarray(achieved, dtype=np.float64)
    if arrays[0].ndim != 1 or arrays[0].shape != arrays[1].shape or len(arrays[0]) == 0:
        raise ValueError(
            f"requested and achieved must be [N] with N above 0, not {arrays[0].shape} and {arrays[1].shape}"
        )
    for name, array in zip(("requested", "achieved"), arrays, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds {np.count_nonzero(~np.isfinite(array))} values that are NaN or infinite")
    return arrays


def _estimates(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a dataclass: dicts are estimates, and what JSON lacks was NaN."""
    known = {key: math.nan if value is None else value for key, value in plain.items()}
    return {key: Estimate(**_estimates(value)) if isinstance(value, dict) else value for key, value in known.items()}


class Statistic(NamedTuple):
    """How one of the statistics of `InVsOut` is called.

    Attributes:
        short, full: its name in a heading, and in a table's first column.
        better: which way is better.
        unit: of the number.
        panel: title of W&B's panel that draws it; empty for none.
    """

    short: str
    full: str
    better: Better | None
    unit: str = ""
    panel: str = ""


STATISTICS = {
    "mae": Statistic("MAE", "mean absolute error", "lower", "score", "Mean absolute error"),
    "rmse": Statistic("RMSE", "root mean square error", "lower", "score", "Root mean square error"),
    "bias": Statistic("bias", "bias (achieved less requested)", None, "score", "Bias (achieved less requested)"),
    "pearson": Statistic("Pearson", "Pearson correlation", "higher", panel="Pearson correlation"),
    "spearman": Statistic("Spearman", "Spearman correlation", "higher", panel="Spearman correlation"),
    "r2": Statistic("R²", "coefficient of determination R²", "higher"),
    "within_005": Statistic("within 0.05", "share within 0.05", "higher"),
    "within_01": Statistic("within 0.1", "share within 0.1", "higher"),
}


def statistic(path: str, which: str, title: str, whose: str = "", **options: Any) -> Metric:
    """The metric of one statistic of an `InVsOut`.

    Args:
        path: where the `InVsOut` stands in the results.
        which: one of `STATISTICS`.
        title: what was requested, and under what circumstances.
        whose: the scores are, where they are not the target's.
        options: see `Metric`.
    """
    short, _, better, unit, _ = STATISTICS[which]
    return Metric(f"{path}/{which}", f"{whose}{short} ({title})", better, unit, **options)


def _of_protocol(protocol: str) -> Iterator[Metric]:
    path = f"in_vs_out/{protocol}"
    for which, called in STATISTICS.items():
        yield statistic(
            path,
            which,
            protocol,
            name=f"{protocol}_{which}" if which in ("mae", "pearson", "spearman") else "",
            main=protocol == "uniform" and which in ("mae", "pearson"),
            choice="error" if (protocol, which) == ("uniform", "mae") else "",
            section="In vs. out" if called.panel else "",
            panel=called.panel,
            rows=[Row("agreement", called.full, {protocol: f"{path}/{which}"})],
        )
        row = Row("second score", called.full, {protocol: f"second_score/{path}/{which}"})
        yield statistic(f"second_score/{path}", which, f"second score, {protocol}", rows=[row])


def _of_classes() -> Iterator[Metric]:
    for which in ("mae", "bias", "pearson"):
        called, path = STATISTICS[which], f"by_class/uniform/*/{which}"
        rows = [Row("agreement of classes", "{0}", {called.full: path})]
        yield statistic("by_class/uniform/*", which, "uniform, of each class", rows=rows)


def _helped(part: str, title: str) -> Iterator[Metric]:
    path = f"{part}/*/in_vs_out"
    for which, called in STATISTICS.items():
        row = Row(part, "{0}", {called.short: f"{path}/{which}"})
        yield statistic(path, which, f"uniform, {title}", rows=[row] if which in ("mae", "pearson") else [])


register(
    *_of_protocol("uniform"),
    *_of_protocol("data"),
    *_of_classes(),
    *_helped("by_strength", "under guidance"),
    *_helped("at_sampling", "helped at sampling"),
    statistic("by_strength/0/in_vs_out", "mae", "uniform, unguided", name="unguided_mae"),
    statistic("by_strength/0/in_vs_out", "pearson", "uniform, unguided", name="unguided_pearson"),
    statistic("at_sampling/best_of/in_vs_out", "mae", "uniform, best of k", name="best_of_mae"),
    statistic("at_sampling/recalibrated/in_vs_out", "mae", "uniform, recalibrated", name="recalibrated_mae"),
)
