"""The variants of a sweep, side by side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFT, CARETRIGHT

from uqgen.comparison.choice import COVERAGE, ERROR, costs, front
from uqgen.comparison.variants import Comparison, Curve, OverSeeds, Variant, uniform_curve
from uqgen.metrics import Metric
from uqgen.metrics.bootstrap import Array
from uqgen.report.names import literal
from uqgen.report.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SOFT,
    TEXT,
    VERMILLION,
    WIDTH,
    new_figure,
    padded_limits,
    score_label,
    small_print,
    style,
)
from uqgen.settings import require

# Beyond the palette that all figures share; with seven markers, 84 pairs before one comes again.
COLOURS = (
    BLUE,
    VERMILLION,
    GREEN,
    ORANGE,
    PURPLE,
    "#56B4E9",
    "#7F4F24",
    GREY,
    "#332288",
    "#999933",
    "#882255",
    "#225522",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_COLUMNS = 3
_LETTERS = 28  # of a variant's name in one line
_MOST_LINES = 72  # of a figure's rows
_LINE, _LETTER = 0.14, 0.068  # inches
_SHIFT = 0.4  # lines from the middle of a row to its seeds, and to their mean


@dataclass(frozen=True)
class Look:
    """How one variant is drawn in every figure."""

    colour: str
    marker: str


def metrics_figure(comparison: Comparison) -> Figure:
    """A panel for each main metric and a row for each variant that has results, or for the best of many.

    Small dots are the seeds; the large marker is their mean, the line its 95 % interval. A panel is not stretched
    beyond three times the range of all seeds; an interval that is longer ends in an arrow.

    Raises:
        SettingError: no job is complete.
    """
    variants, metrics = _shown(comparison), comparison.main_metrics
    names = [_lines(variant.name) for variant in variants]
    edges = np.cumsum([0, *map(_height, names)])
    places = (edges[:-1] + edges[1:]) / 2
    n_rows = -(-len(metrics) // _COLUMNS)
    figure = new_figure(n_rows * (0.85 + _LINE * edges[-1]) + 0.35)
    all_axes = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False).ravel()
    looks = [variant_looks(comparison)[variant.name] for variant in variants]
    for axes, metric in zip(all_axes, metrics, strict=False):
        _draw_metric(axes, [variant.over_seeds(metric) for variant in variants], metric, places, looks)
    for axes in all_axes[len(metrics) :]:
        axes.remove()
    all_axes[0].set_yticks(places, ["\n".join(lines) for lines in names])
    all_axes[0].set_ylim(edges[-1], 0)
    marks = "small: seeds, large: their mean, line: its 95 % interval (Student's t), cut at an arrow"
    requested = "(uniform), (data): how scores were requested"
    small_print(figure, [marks, requested, *_samples(comparison, variants)])
    return figure


def front_figure(comparison: Comparison) -> Figure:
    """Score error against coverage, a point for each variant, and the front of those that no other one beats in both.

    Small dots are the seeds, the large marker is their mean.

    Raises:
        SettingError: no job has both numbers.
    """
    shown = _shown(comparison)
    found = costs(shown, Variant.over_seeds)
    require(len(found) > 0, "jobs with error and coverage", 0, "at least one")
    variants = [cost.variant for cost in found]
    figure = new_figure(*_size([_lines(variant.name) for variant in variants]))
    axes = figure.subplots()
    style(axes, x="score error: MAE, requested uniformly  (lower is better)", y="coverage / real  (higher is better)")
    _draw_front(axes, [cost.variant for cost in front(found)])
    looks = variant_looks(comparison)
    for variant in variants:
        look = looks[variant.name]
        errors, coverages = variant.over_seeds(ERROR), variant.over_seeds(COVERAGE)
        seeds = [(ERROR.of(job.results), COVERAGE.of(job.results)) for job in variant.complete]  # NaN is not drawn
        axes.plot(*zip(*seeds, strict=True), "o", color=look.colour, markersize=3, alpha=0.6)
        label = "\n".join(_lines(variant.name))
        axes.plot(errors.mean, coverages.mean, look.marker, color=look.colour, markersize=8, label=label, linestyle="")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0, top=max(1.02, axes.get_ylim()[1]))
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=TEXT - 1, frameon=False, labelspacing=0.7)
    marks = "small: seeds, large: their mean; line: variants that no other one beats in both"
    small_print(figure, [marks, *_samples(comparison, shown)])
    return figure


def variant_curves_figure(comparison: Comparison) -> Figure:
    """The mean score achieved for each score requested under the uniform protocol, of each variant that has results.

    Lines are means over the seeds, bands reach from the lowest to the highest seed.

    Raises:
        SettingError: no job is complete.
    """
    variants = _shown(comparison)
    scores = {job.results["score"] for variant in variants for job in variant.complete}
    label = score_label(scores.pop()) if len(scores) == 1 else "score"
    curves = [uniform_curve(variant.complete) for variant in variants]
    drawn = np.concatenate([part for curve in curves for part in (curve.requested, curve.low, curve.high)])
    limits = padded_limits(drawn[~np.isnan(drawn)])
    figure = new_figure(*_size([_lines(variant.name) for variant in variants]))
    axes = figure.subplots()
    axes.set(xlim=limits, ylim=limits, aspect="equal", anchor="W")
    style(axes, x=f"{label} requested, uniformly", y=f"{label} achieved, mean")
    axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="achieved = requested")
    looks = variant_looks(comparison)
    for variant, curve in zip(variants, curves, strict=True):
        _draw_curve(axes, curve, looks[variant.name], variant.name)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), fontsize=TEXT - 1, frameon=False, labelspacing=0.7)
    small_print(figure, ["line: mean over the seeds, band: lowest to highest seed", *_samples(comparison, variants)])
    return figure


def _shown(comparison: Comparison) -> list[Variant]:
    """The variants that have results; of more than a figure has room for the front, then those of the least error."""
    variants = [variant for variant in comparison.variants if variant.complete]
    require(len(variants) > 0, "complete jobs", 0, "at least one")
    unbeaten = {cost.variant.name for cost in front(costs(variants, Variant.over_seeds))}
    errors = {variant.name: np.nan_to_num(variant.over_seeds(ERROR).mean, nan=np.inf) for variant in variants}
    best = sorted(errors, key=lambda name: (name not in unbeaten, errors[name]))
    n_fitting = int(np.sum(np.cumsum([_height(_lines(name)) for name in best]) <= _MOST_LINES))
    chosen = set(best[: max(n_fitting, 1)])
    return [variant for variant in variants if variant.name in chosen]


def _height(name: list[str]) -> float:
    """Of a variant's row, in lines."""
    return max(2, len(name) + 0.5)


def variant_looks(comparison: Comparison) -> dict[str, Look]:
    """How each variant is drawn, by its name: as long as a sweep has the same variants, alike in all its figures."""
    looks = (Look(*pair) for pair in zip(cycle(COLOURS), cycle(MARKERS), strict=False))
    return {variant.name: next(looks) for variant in comparison.variants}


def _size(names: Sequence[list[str]]) -> tuple[float, float]:
    """Height and width of the curves with the names beside them."""
    longest = max(len(line) for lines in [["achieved = requested"], *names] for line in lines)
    return max(4.9, 0.8 + sum(_LINE * len(lines) + 0.09 for lines in names)), min(WIDTH, 5.3 + _LETTER * longest)


def _lines(name: str) -> list[str]:
    """A variant's name in lines that are not too long, broken after commas, else after equal signs, else anywhere."""
    lines = [""]
    for item in re.findall("[^,]+,?", name):
        for part in [item] if len(item) <= _LETTERS else re.findall("[^=]+=?", item):
            if len(lines[-1] + part) <= _LETTERS:
                lines[-1] += part
            else:
                lines += wrap(part, _LETTERS)
    return [literal(line) for line in lines if line]


def _samples(comparison: Comparison, variants: Sequence[Variant]) -> list[str]:
    n = sum(bool(variant.complete) for variant in comparison.variants)
    chosen = f"{len(variants)} of {n} variants: the front, then those of the least score error"
    jobs = [job for variant in variants for job in variant.complete]
    seeds = sorted({job.seed for job in jobs if job.seed is not None})
    sizes = sorted({job.results["n_images_evaluated"] for job in jobs})
    evaluation = sorted({job.results["evaluation_seed"] for job in jobs})
    return [
        *([chosen] if len(variants) < n else []),
        f"generated in each run: n = {' or '.join(f'{size:,}' for size in sizes)}",
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}",
        f"evaluation seed {', '.join(map(str, evaluation))}",
    ]


def _draw_metric(axes: Axes, rows: Sequence[OverSeeds], metric: Metric, places: Array, looks: Sequence[Look]) -> None:
    words = {"lower": "← lower is better", "higher": "higher is better →", None: ""}
    style(axes, x=words[metric.better], title=metric.title)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)
    limits = _limits(rows)
    axes.set_xlim(limits)
    for place, seeds, look in zip(places, rows, looks, strict=True):
        axes.plot(seeds.values, seeds.n * [place + _SHIFT], "o", color=look.colour, markersize=3, alpha=0.6)
        axes.plot(seeds.mean, place - _SHIFT, look.marker, color=look.colour, markersize=6)
        _draw_interval(axes, seeds, place - _SHIFT, look.colour, limits)


def _draw_interval(axes: Axes, seeds: OverSeeds, place: float, colour: str, limits: tuple[float, float]) -> None:
    axes.hlines(place, seeds.low, seeds.high, color=colour, linewidth=1.6)
    low, high = limits
    for marker, limit, is_cut in ((CARETLEFT, low, seeds.low < low), (CARETRIGHT, high, seeds.high > high)):
        if is_cut:
            axes.plot(limit, place, marker=marker, color=colour, markersize=5)


def _limits(rows: Sequence[OverSeeds]) -> tuple[float, float]:
    values = np.concatenate([seeds.values for seeds in rows])
    reach = np.ptp(values)
    low = np.nanmin([*values, *(max(seeds.low, values.min() - reach) for seeds in rows)])
    high = np.nanmax([*values, *(min(seeds.high, values.max() + reach) for seeds in rows)])
    return padded_limits(np.array([low, high]))


def _draw_front(axes: Axes, unbeaten: Sequence[Variant]) -> None:
    points = [[variant.over_seeds(metric).mean for metric in (ERROR, COVERAGE)] for variant in unbeaten]
    axes.plot(*np.transpose(points), color=SOFT, linewidth=1.4, drawstyle="steps-post", zorder=0, label="front")


def _draw_curve(axes: Axes, curve: Curve, look: Look, name: str) -> None:
    label = "\n".join(_lines(name))
    axes.fill_between(curve.requested, curve.low, curve.high, color=look.colour, alpha=0.12, linewidth=0)
    axes.plot(
        curve.requested, curve.mean, color=look.colour, marker=look.marker, markersize=4, linewidth=1.6, label=label
    )
