"""The variants of a sweep, side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uqgen.comparison.metrics import Metric
from uqgen.comparison.variants import Comparison, OverSeeds, Variant, uniform_curve
from uqgen.report.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    TEXT,
    VERMILLION,
    new_figure,
    padded_limits,
    score_label,
    small_print,
    style,
)
from uqgen.settings import require

# Eight colours and seven markers: 56 pairs before one comes again. The last three are not of the house's palette.
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, "#56B4E9", "#7F4F24", GREY)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_COLUMNS = 3
_LETTERS = 26  # of a variant's name in one line


@dataclass(frozen=True)
class Look:
    """How one variant is drawn in every figure."""

    colour: str
    marker: str


def metrics_figure(comparison: Comparison) -> Figure:
    """A panel for each main metric and a row for each variant that has results.

    Small dots are the seeds; the large marker is their mean, the line its 95 % interval. A panel is not stretched
    beyond half of the seeds' range on either side; an interval that is longer ends in an arrow.

    Raises:
        SettingError: no job is complete.
    """
    variants, metrics = _shown(comparison), comparison.main_metrics
    names = [_lines(variant.name) for variant in variants]
    n_rows = -(-len(metrics) // _COLUMNS)
    height = n_rows * (0.85 + 0.24 * sum(max(1.0, 0.7 * len(lines)) for lines in names))
    figure = new_figure(height + 0.3)
    all_axes = figure.subplots(n_rows, _COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, metric in zip(all_axes, metrics, strict=False):
        _draw_metric(axes, variants, metric)
    for axes in all_axes[len(metrics) :]:
        axes.remove()
    for axes in all_axes[::_COLUMNS]:
        axes.set_yticks(range(len(variants)), ["\n".join(lines) for lines in names])
        axes.set_ylim(len(variants) - 0.5, -0.5)
    marks = "small: seeds, large: their mean, line: its 95 % interval (Student's t), cut at an arrow"
    small_print(figure, [marks, *_samples(variants)])
    return figure


def curves_figure(comparison: Comparison) -> Figure:
    """The mean score obtained for each score asked under the uniform protocol, of each variant that has results.

    Lines are means over the seeds, bands reach from the lowest to the highest seed.

    Raises:
        SettingError: no job is complete.
    """
    variants = _shown(comparison)
    scores = {job.results["score"] for variant in variants for job in variant.complete}
    label = score_label(scores.pop()) if len(scores) == 1 else "score"
    figure = new_figure(height=4.8)
    axes = figure.subplots()
    style(axes, x=f"{label} asked, uniformly", y=f"{label} obtained, mean")
    axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="obtained = asked")
    for variant, look in zip(variants, _looks(), strict=False):
        _draw_curve(axes, variant, look)
    place = "outside right upper"
    figure.legend(loc=place, fontsize=TEXT - 1, frameon=False, labelspacing=0.7)  # type: ignore[arg-type]
    small_print(figure, ["line: mean over the seeds, band: lowest to highest seed", *_samples(variants)])
    return figure


def _shown(comparison: Comparison) -> list[Variant]:
    variants = [variant for variant in comparison.variants if variant.complete]
    require(len(variants) > 0, "complete jobs", 0, "at least one")
    return variants


def _looks() -> Iterator[Look]:
    return (Look(*pair) for pair in zip(cycle(COLOURS), cycle(MARKERS), strict=False))


def _lines(name: str) -> list[str]:
    """A variant's name in lines that are not too long, broken after commas where it has some."""
    lines = [""]
    for item in name.replace(",", ",\n").split("\n"):
        if len(lines[-1] + item) <= _LETTERS:
            lines[-1] += item
        else:
            lines += wrap(item, _LETTERS)
    return [line for line in lines if line]


def _samples(variants: Sequence[Variant]) -> list[str]:
    jobs = [job for variant in variants for job in variant.complete]
    seeds = sorted({job.seed for job in jobs if job.seed is not None})
    sizes = sorted({job.results["n_images_evaluated"] for job in jobs})
    evaluation = sorted({job.results["evaluation_seed"] for job in jobs})
    return [
        f"generated in each run: n = {' or '.join(f'{size:,}' for size in sizes)}",
        f"seeds {', '.join(map(str, seeds))}",
        f"evaluation seed {', '.join(map(str, evaluation))}",
    ]


def _draw_metric(axes: Axes, variants: Sequence[Variant], metric: Metric) -> None:
    words = {"lower": "← lower is better", "higher": "higher is better →"}
    style(axes, x=words[metric.better], title=metric.title)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    rows = [variant.over_seeds(metric) for variant in variants]
    limits = _limits(rows)
    axes.set_xlim(limits)
    for place, (seeds, look) in enumerate(zip(rows, _looks(), strict=False)):
        axes.plot(seeds.values, seeds.n * [place], "o", color=look.colour, markersize=3.5, alpha=0.5, linewidth=0)
        axes.plot(seeds.mean, place, look.marker, color=look.colour, markersize=6)
        _draw_interval(axes, seeds, place, look.colour, limits)


def _draw_interval(axes: Axes, seeds: OverSeeds, place: int, colour: str, limits: tuple[float, float]) -> None:
    axes.hlines(place, seeds.low, seeds.high, color=colour, linewidth=1.6)
    for marker, limit, is_cut in (("<", limits[0], seeds.low < limits[0]), (">", limits[1], seeds.high > limits[1])):
        if is_cut:
            axes.plot(limit, place, marker, color=colour, markersize=5, clip_on=False)


def _limits(rows: Sequence[OverSeeds]) -> tuple[float, float]:
    values = np.concatenate([seeds.values for seeds in rows])
    reach = 0.5 * np.ptp(values)
    low = np.nanmin([*values, *(max(seeds.low, values.min() - reach) for seeds in rows)])
    high = np.nanmax([*values, *(min(seeds.high, values.max() + reach) for seeds in rows)])
    return padded_limits(np.array([low, high]))


def _draw_curve(axes: Axes, variant: Variant, look: Look) -> None:
    curve = uniform_curve(variant.complete)
    label = "\n".join(_lines(variant.name))
    axes.fill_between(curve.asked, curve.low, curve.high, color=look.colour, alpha=0.12, linewidth=0)
    axes.plot(curve.asked, curve.mean, color=look.colour, marker=look.marker, markersize=4, linewidth=1.6, label=label)
