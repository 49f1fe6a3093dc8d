"""Scores asked against scores obtained: Le Coz et al. (2023), Fig. 2b and 4."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.metrics.in_vs_out import CurvePoint, InVsOut
from uqgen.report.arrays import Array, shaped
from uqgen.report.style import (
    BLUE,
    INK,
    ORANGE,
    SOFT,
    TEXT,
    TITLE,
    VERMILLION,
    WIDTH,
    legend,
    new_figure,
    padded_limits,
    score_label,
    small_print,
    style,
    with_interval,
)
from uqgen.settings import require

# Points drawn of each panel; more would only cover each other. Curves, histograms and numbers are of all points.
MAX_DRAWN = 4_000
_N_BINS = 40


@dataclass(frozen=True)
class InVsOutPanel:
    """What one panel shows.

    Attributes:
        protocol: how the scores were asked, such as "asked as in the data" or "asked uniformly".
        asked: float [N], the scores asked of the generator.
        obtained: float [N], the scores the classifier gives what was generated.
        agreement: the numbers and the curve of these very scores.
    """

    protocol: str
    asked: ArrayLike
    obtained: ArrayLike
    agreement: InVsOut


def in_vs_out_figure(panels: Sequence[InVsOutPanel], score_name: str, *, seed: int) -> Figure:
    """Obtained against asked scores, one panel per protocol side by side, on the same axes.

    Points are a random sample of at most `MAX_DRAWN`. Over them lie the identity, and for each bin of asked scores the
    median obtained, the band between the quartiles, and the mean with its 95 % interval. Along the sides are the
    histograms of all scores, their bars from 0 to the fullest bin.

    Args:
        panels: one or more.
        score_name: name of the score, such as `msp`.
        seed: draws the sample; also in the small print.

    Raises:
        SettingError: there is no panel, or asked and obtained scores are not as many as the agreement counted.
    """
    require(len(panels) > 0, "panels", len(panels), "at least one")
    scores = [_checked_scores(panel) for panel in panels]
    limits = padded_limits(np.concatenate([part.ravel() for part in scores]))
    label = score_label(score_name)

    figure = new_figure(height=4.9, width=min(WIDTH, 4.3 * len(panels)))
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel, (asked, obtained) in zip(all_axes, panels, scores, strict=True):
        axes.set(xlim=limits, ylim=limits, aspect="equal")
        axes.locator_params(nbins=5)  # the same ticks on both
        style(axes, x=f"{label} asked", y=f"{label} obtained")
        _draw_points(axes, asked, obtained, seed)
        _draw_curve(axes, panel.agreement.curve)
        _draw_marginals(axes, asked, obtained)
        _write_numbers(axes, panel)
    legend(figure, axes)
    sizes = [f"{panel.protocol}: n = {panel.agreement.n:,}" for panel in panels]
    small_print(figure, [*sizes, f"seed {seed}"])
    return figure


def _checked_scores(panel: InVsOutPanel) -> Array:
    asked = shaped("asked", panel.asked, panel.agreement.n)
    obtained = shaped("obtained", panel.obtained, panel.agreement.n)
    return np.stack([asked, obtained])


def _draw_points(axes: Axes, asked: Array, obtained: Array, seed: int) -> None:
    drawn = np.random.default_rng(seed).permutation(len(asked))[:MAX_DRAWN]
    axes.scatter(asked[drawn], obtained[drawn], s=4, alpha=0.25, color=BLUE, linewidths=0, rasterized=True)
    axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="obtained = asked")


def _draw_curve(axes: Axes, curve: Sequence[CurvePoint]) -> None:
    # Empty bins hold NaN and leave a gap.
    middle = np.array([(point.low + point.high) / 2 for point in curve])
    lower = np.array([point.lower_quartile for point in curve])
    upper = np.array([point.upper_quartile for point in curve])
    median = np.array([point.median.value for point in curve])
    mean = np.array([(point.mean.value, point.mean.low, point.mean.high) for point in curve]).T
    axes.fill_between(middle, lower, upper, color=ORANGE, alpha=0.35, linewidth=0, label="quartiles", zorder=2.1)
    axes.plot(middle, median, color=VERMILLION, linewidth=2, marker="o", markersize=3, label="median", zorder=3)
    axes.vlines(middle, mean[1], mean[2], color=INK, linewidth=1, zorder=4)
    axes.plot(middle, mean[0], "D", color=INK, markerfacecolor="white", markersize=3.5, label="mean", zorder=4)


def _draw_marginals(axes: Axes, asked: Array, obtained: Array) -> None:
    above = axes.inset_axes((0, 1.03, 1, 0.15), sharex=axes)
    beside = axes.inset_axes((1.03, 0, 0.15, 1), sharey=axes)
    above.hist(asked, _N_BINS, range=axes.get_xlim(), color=SOFT)
    beside.hist(obtained, _N_BINS, range=axes.get_ylim(), color=SOFT, orientation="horizontal")
    for marginal in (above, beside):
        marginal.spines[:].set_visible(False)
        marginal.tick_params(which="both", length=0, labelbottom=False, labelleft=False)


def _write_numbers(axes: Axes, panel: InVsOutPanel) -> None:
    numbers = f"MAE {with_interval(panel.agreement.mae)}\nPearson {with_interval(panel.agreement.pearson)}"
    axes.set_title(numbers, fontsize=TEXT - 1, color=INK, loc="left", y=1.18)
    axes.annotate(
        panel.protocol, (0, 1.18), (0, 27), "axes fraction", "offset points", fontsize=TITLE, fontweight="bold"
    )
