"""What a metric is, and the registry that drives everything that shows one."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from torch import Tensor

from uqgen.metrics.bootstrap import Floats
from uqgen.metrics.plain import Found, find_at
from uqgen.run_folder import Plain

Theme = Literal["agreement", "controls", "realism"]
Better = Literal["lower", "higher"]


class Sample(NamedTuple):
    """N images or points.

    Attributes:
        features: float [N, F], where sets of data are compared.
        x: uint8 [N, C, H, W], or points float32 [N, 2].
        label: int64 [N], the class, of generated data the one requested.
        score: float32 [N], of generated data the one requested.
    """

    features: Tensor
    x: Tensor
    label: Tensor
    score: Tensor


@dataclass(frozen=True)
class Sides:
    """What a distance is taken between.

    Attributes:
        ours: data requested as real ones are; for the floor, other real data.
        train: real training data.
        is_image: whether they are images, not points.
        seed: of whatever is drawn.
    """

    ours: Sample
    train: Sample
    is_image: bool
    seed: int


@dataclass(frozen=True)
class ScorePairs:
    """Requested and achieved scores of N images or points generated under one protocol, on the CPU.

    Attributes:
        requested: float32 [N].
        achieved: float32 [N], the score that the target gives.
        by_judges: for each judge, float32 [N], the score that it gives.
        label: int64 [N], the class requested.
        logits: float32 [N, K], or [N, M, K] of an ensemble, of the target.
        class_names: K names.
        edges: float [B + 1], increasing, of the bins of requested scores in which a curve is drawn.
        n_resamples, seed: of the bootstrap.
    """

    requested: Tensor
    achieved: Tensor
    by_judges: Mapping[str, Tensor]
    label: Tensor
    logits: Tensor
    class_names: Sequence[str]
    edges: Floats
    n_resamples: int
    seed: int


@dataclass(frozen=True)
class Evaluated:
    """What one evaluation has of generated and real data, on the CPU.

    Attributes:
        as_data: data requested as real ones are.
        uniform: data requested uniformly over the range of scores that can be reached.
        real: real data that are not in training.
        matched: int64 [N], for each of `uniform`, the position among these of one that has about the score requested.
        train: real training data.
        score_of: the target's scores, float32 [N], of data like `Sample.x` and their classes, int64 [N]. Every process
            of a distributed evaluation calls it, and has all scores.
        is_certain: whether scores float32 [N] lie at the certain end of their range, bool [N].
        class_names: K names, in the order of the labels.
        distance: of two sets of features [N, F] and [M, F]: FID of images, sliced Wasserstein distance of points.
        requested_range: the lowest and the highest score requested.
        is_image: whether they are images, not points.
        seed: of whatever is drawn.
    """

    as_data: Sample
    uniform: Sample
    real: Sample
    matched: Tensor
    train: Sample
    score_of: Callable[[Tensor, Tensor], Tensor]
    is_certain: Callable[[Tensor], Tensor]
    class_names: Sequence[str]
    distance: Callable[[Tensor, Tensor], float]
    requested_range: tuple[float, float]
    is_image: bool
    seed: int


Distance = Callable[[Sides], Any]
DISTANCES: dict[str, Distance] = {}
ProtocolMeasure = Callable[[ScorePairs], Any]
PER_PROTOCOL: dict[str, ProtocolMeasure] = {}
Control = Callable[[Evaluated], Any]
CONTROLS: dict[str, Control] = {}


def distance(name: str) -> Callable[[Distance], Distance]:
    """Decorator that has something measured in every evaluation, of generated data and, as its floor, of real ones.

    Args:
        name: the results hold it at ``realism/NAME``, and its floor at ``realism/NAME_floor``. What is measured is a
            number or a dataclass of numbers; None where it has no meaning, such as that of images for points.
    """

    def note(measure: Distance) -> Distance:
        DISTANCES[name] = measure
        return measure

    return note


def per_protocol(name: str) -> Callable[[ProtocolMeasure], ProtocolMeasure]:
    """Decorator that has something measured of requested and achieved scores in every evaluation, for each protocol.

    Args:
        name: the results hold it at ``NAME/data`` and ``NAME/uniform``, of a second score at ``second_score/NAME/data``
            and ``second_score/NAME/uniform``. What is measured is a number, a dataclass of numbers, or a dict of such.
    """

    def note(measure: ProtocolMeasure) -> ProtocolMeasure:
        PER_PROTOCOL[name] = measure
        return measure

    return note


def control(name: str) -> Callable[[Control], Control]:
    """Decorator that has something measured of all generated and real data, at the end: a control against cheating.

    Args:
        name: the results hold it at ``controls/NAME``. What is measured is a number or a dataclass of numbers; None
            where it has no meaning.
    """

    def note(measure: Control) -> Control:
        CONTROLS[name] = measure
        return measure

    return note


@dataclass(frozen=True)
class Row:
    """Where a metric stands in the report of a run; rows of one title are one row.

    Attributes:
        table: its name, as `uqgen.report.run_tables` asks for it.
        title: of the row; ``{0}`` is what the path's first star stands for, ``{low}`` what stands beside it as `low`.
        columns: for each column, the path of its number, or the number itself; of several in a cell, the mean.
        text: format of the number, such as ``{:.2f}``; ``{low}`` as in the title. Empty for an estimate with interval.
        missing: written where there is none.
    """

    table: str
    title: str
    columns: Mapping[str, str | float]
    text: str = ""
    missing: str = "undefined"


@dataclass(frozen=True)
class Metric:
    """One number of a run, or of each of several, such as judges.

    Attributes:
        key: its path in results.json and its key in W&B; see `find_at`.
        title: its name for people.
        better: which way is better; None where neither is.
        unit: of the number; empty for shares, correlations and distances without one.
        digits: decimals worth showing in a comparison.
        name: its name in the files of a comparison; empty where variants are not compared by it.
        theme: what it tells about: whether scores requested are achieved, by what means, or how real the images are.
        main: whether it is among the few shown first.
        choice: what it is in the choice among variants; empty where it is not used.
        relative: whether variants are compared by its ratio to the reference's, too.
        sentence: its name in the report's summary; empty where it is not reported.
        floor: path of what other real data reach.
        section, panel: titles of W&B's section and panel that draw it; empty for none.
        data: "images" or "points", where it is of these alone.
        rows: see `Row`.
    """

    key: str
    title: str
    better: Better | None = None
    unit: str = ""
    digits: int = 3
    name: str = ""
    theme: Theme = "agreement"
    main: bool = False
    choice: Literal["", "error", "coverage", "class agreement"] = ""
    relative: bool = False
    sentence: str = ""
    floor: str = ""
    section: str = ""
    panel: str = ""
    data: Literal["", "images", "points"] = ""
    rows: Sequence[Row] = field(default=())

    def find(self, results: Plain) -> Iterator[Found]:
        """The numbers in what results.json, or the last row of a training's evaluations, holds."""
        return find_at(results, self.key)

    def of(self, results: Plain) -> float:
        """Its value, the mean of several; NaN where the results have none, or one that is not defined."""
        values = [found.value for found in self.find(results)]
        return float(np.mean(values)) if values else math.nan

    def best(self, values: Sequence[float]) -> float:
        """The best of these values, NaN left out; NaN if no other is there."""
        defined = [value for value in values if not math.isnan(value)]
        return (min if self.better == "lower" else max)(defined, default=math.nan)


METRICS: list[Metric] = []


def register(*metrics: Metric) -> None:
    """Adds metrics to the registry, in the order in which they are shown.

    Raises:
        ValueError: there is one of this key, or of this name in comparisons.
    """
    for metric in metrics:
        taken = {other.key for other in METRICS} | {other.name for other in METRICS if other.name}
        if {metric.key, metric.name} & taken:
            raise ValueError(f"there is a metric {metric.key}, or one named {metric.name}, already")
        METRICS.append(metric)


def compared() -> list[Metric]:
    """The metrics that variants are compared by: those of a theme together, the main ones first in theirs."""
    themes: list[Theme] = ["agreement", "controls", "realism"]
    found = [metric for metric in METRICS if metric.name]
    return sorted(found, key=lambda metric: (themes.index(metric.theme), not metric.main))


def main_metrics() -> list[Metric]:
    """The few metrics that are shown first."""
    return [metric for metric in compared() if metric.main]


def scalars(results: Plain) -> dict[str, float]:
    """Every number that is defined, by its key.

    Args:
        results: plain values, as results.json holds them.
    """
    found = [each for metric in METRICS for each in metric.find(results)]
    return {each.key: each.value for each in found if math.isfinite(each.value)}
