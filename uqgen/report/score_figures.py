"""Scores requested and achieved: Le Coz et al. (2023), Fig. 2b and 4; their distribution, the judges, and guidance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.evaluation.measurements import AtStrength
from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.metrics.in_vs_out import CurvePoint, InVsOut
from uqgen.report.arrays import shaped, with_ends
from uqgen.report.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
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
_N_BINS, _N_BARS = 40, 50  # of the histograms along the sides, and of those of real and generated scores
SHARES = {"precision": ORANGE, "recall": GREEN, "coverage": VERMILLION}


@dataclass(frozen=True)
class InVsOutPanel:
    """What one panel shows.

    Attributes:
        protocol: how the scores were requested, such as "requested as in the data" or "requested uniformly".
        requested: float [N], the scores requested of the generator.
        achieved: float [N], the scores the classifier gives what was generated.
        agreement: the numbers and the curve of these very scores.
    """

    protocol: str
    requested: ArrayLike
    achieved: ArrayLike
    agreement: InVsOut


def in_vs_out_figure(panels: Sequence[InVsOutPanel], score_name: str, *, seed: int) -> Figure:
    """Achieved against requested scores, one panel per protocol side by side, on the same axes.

    Points are a random sample of at most `MAX_DRAWN`. Over them lie the identity, and for each bin of requested scores
    the median achieved, the band between the quartiles, and the mean with its 95 % interval. Along the sides are the
    histograms of all scores, their bars from 0 to the fullest bin.

    Args:
        panels: one or more.
        score_name: name of the score, such as `msp`.
        seed: draws the sample; also in the small print.

    Raises:
        SettingError: there is no panel, or requested and achieved scores are not as many as the agreement counted.
    """
    require(len(panels) > 0, "panels", len(panels), "at least one")
    scores = [_checked_scores(panel) for panel in panels]
    limits = padded_limits(np.concatenate([part.ravel() for part in scores]))
    label = score_label(score_name)

    figure = new_figure(height=4.9, width=min(WIDTH, 4.6 * len(panels)))
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel, (requested, achieved) in zip(all_axes, panels, scores, strict=True):
        axes.set(xlim=limits, ylim=limits, aspect="equal")
        axes.locator_params(nbins=5)  # the same ticks on both
        style(axes, x=f"{label} requested", y=f"{label} achieved")
        draw_in_vs_out(axes, panel, seed)
        _draw_marginals(axes, requested, achieved)
        _write_numbers(axes, panel)
    legend(figure, axes)
    sizes = [f"{panel.protocol}: n = {panel.agreement.n:,}" for panel in panels]
    small_print(figure, [*sizes, f"seed {seed}"])
    return figure


def draw_in_vs_out(axes: Axes, panel: InVsOutPanel, seed: int) -> None:
    """Draws a sample of the points, the identity, and the curve of a panel."""
    requested, achieved = _checked_scores(panel)
    _draw_points(axes, requested, achieved, seed)
    _draw_curve(axes, panel.agreement.curve)


def _checked_scores(panel: InVsOutPanel) -> Array:
    requested = shaped("requested", panel.requested, panel.agreement.n)
    achieved = shaped("achieved", panel.achieved, panel.agreement.n)
    return np.stack([requested, achieved])


def _draw_points(axes: Axes, requested: Array, achieved: Array, seed: int) -> None:
    drawn = np.random.default_rng(seed).permutation(len(requested))[:MAX_DRAWN]
    axes.scatter(requested[drawn], achieved[drawn], s=4, alpha=0.25, color=BLUE, linewidths=0, rasterized=True)
    axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="achieved = requested")


def _draw_curve(axes: Axes, curve: Sequence[CurvePoint]) -> None:
    # Empty bins hold NaN and leave a gap.
    middle = np.array([(point.low + point.high) / 2 for point in curve])
    lower = np.array([point.lower_quartile for point in curve])
    upper = np.array([point.upper_quartile for point in curve])
    median = np.array([point.median.value for point in curve])
    mean = with_ends([point.mean for point in curve])
    axes.fill_between(middle, lower, upper, color=ORANGE, alpha=0.35, linewidth=0, label="quartiles", zorder=2.1)
    axes.plot(middle, median, color=VERMILLION, linewidth=2, marker="o", markersize=3, label="median", zorder=3)
    axes.vlines(middle, mean[1], mean[2], color=INK, linewidth=1, zorder=4)
    axes.plot(middle, mean[0], "D", color=INK, markerfacecolor="white", markersize=3.5, label="mean", zorder=4)


def _draw_marginals(axes: Axes, requested: Array, achieved: Array) -> None:
    above = axes.inset_axes((0, 1.03, 1, 0.15), sharex=axes)
    beside = axes.inset_axes((1.03, 0, 0.15, 1), sharey=axes)
    above.hist(requested, _N_BINS, range=axes.get_xlim(), color=SOFT)
    beside.hist(achieved, _N_BINS, range=axes.get_ylim(), color=SOFT, orientation="horizontal")
    for marginal in (above, beside):
        marginal.spines[:].set_visible(False)
        marginal.tick_params(which="both", length=0, labelbottom=False, labelleft=False)


def _write_numbers(axes: Axes, panel: InVsOutPanel) -> None:
    numbers = f"MAE {with_interval(panel.agreement.mae)}\nPearson {with_interval(panel.agreement.pearson)}"
    axes.set_title(numbers, fontsize=TEXT - 1, color=INK, loc="left", y=1.18)
    axes.annotate(
        panel.protocol, (0, 1.18), (0, 27), "axes fraction", "offset points", fontsize=TITLE, fontweight="bold"
    )


def distribution_figure(real: ArrayLike, fake: ArrayLike, score_name: str, *, seed: int) -> Figure:
    """Histograms of the scores the classifier gives real data and generated data.

    Each bar is a share of its own data, so that sets of different sizes compare; the axis is logarithmic, since low
    scores are rare.

    Args:
        real: float [N], scores of real data.
        fake: float [M], scores achieved by generated data.
        score_name: name of the score, such as `msp`.
        seed: seed of what was generated, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    real, fake = shaped("real", real, "N"), shaped("fake", fake, "M")
    figure = new_figure(height=3, width=6)
    axes = figure.subplots()
    style(axes, x=f"{score_label(score_name)} achieved", y="share of all, per bin")
    everything = np.concatenate([real, fake])
    reach = (everything.min(), everything.max())
    of_real, of_fake = np.full(len(real), 1 / len(real)), np.full(len(fake), 1 / len(fake))
    axes.hist(real, _N_BARS, range=reach, weights=of_real, color=SOFT, label="real")
    axes.hist(
        fake, _N_BARS, range=reach, weights=of_fake, color=BLUE, histtype="step", linewidth=1.6, label="generated"
    )
    axes.set_yscale("log")
    axes.margins(x=0)
    legend(figure, axes)
    small_print(figure, [f"{len(real):,} real", f"{len(fake):,} generated", f"seed {seed}"])
    return figure


@dataclass(frozen=True)
class JudgeRow:
    """What one judge says.

    Attributes:
        judge: name of the judge.
        generated: the scores requested of the generator against the scores the judge gives what was generated.
        real: the scores the target gives real data against those the judge gives them: the most that can be
            requested of the generator.
    """

    judge: str
    generated: InVsOut
    real: InVsOut


def judges_figure(rows: Sequence[JudgeRow], *, seed: int) -> Figure:
    """Pearson correlation and mean absolute error of each judge, on generated data beside real data.

    Bars are 95 % intervals.

    Args:
        rows: one per judge, drawn from top to bottom.
        seed: seed of what was generated, for the small print.

    Raises:
        SettingError: there is no judge.
    """
    require(len(rows) > 0, "rows", len(rows), "at least one")
    generated, real = [row.generated for row in rows], [row.real for row in rows]
    figure = new_figure(height=0.4 * len(rows) + 1.2)
    left, right = figure.subplots(1, 2, sharey=True)
    style(left, x="Pearson correlation (higher is better)")
    style(right, x="mean absolute error (lower is better)")
    _draw_judges(left, [part.pearson for part in generated], [part.pearson for part in real])
    _draw_judges(right, [part.mae for part in generated], [part.mae for part in real])
    left.set_xlim(min(0, left.get_xlim()[0]), 1)
    right.set_xlim(left=0)
    right.locator_params(axis="x", nbins=5)
    for axes in (left, right):
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0, labelsize=TEXT)
    left.set_yticks(range(len(rows)), [row.judge for row in rows])
    left.set_ylim(len(rows) - 0.5, -0.5)
    legend(figure, left)
    sizes = [f"generated: n = {_sizes(generated)}", f"real: n = {_sizes(real)}"]
    small_print(figure, ["bars: 95 % intervals", *sizes, f"seed {seed}"])
    return figure


def _sizes(parts: Sequence[InVsOut]) -> str:
    return " or ".join(f"{n:,}" for n in sorted({part.n for part in parts}))


def _draw_judges(axes: Axes, generated: Sequence[Estimate], real: Sequence[Estimate]) -> None:
    places = np.arange(len(real))
    for estimates, colour, marker, shift, label in (
        (real, INK, "D", -0.1, "real: target against judge"),
        (generated, VERMILLION, "o", 0.1, "generated: requested against judge"),
    ):
        value, low, high = with_ends(estimates)
        axes.hlines(places + shift, low, high, color=colour, linewidth=1.6)
        axes.plot(value, places + shift, marker, color=colour, markersize=5, label=label)


def strength_figure(parts: Sequence[AtStrength], judges_on_real: float, *, seed: int) -> Figure:
    """Score error over the strength of guidance, beside what the pictures and the judges say.

    Args:
        parts: by strength, two or more.
        judges_on_real: mean Pearson correlation that the judges have on real images of the scores requested; NaN where
            there is none.
        seed: of the evaluation, for the small print.
    """
    figure = new_figure(height=3.2)
    left, right = figure.subplots(1, 2)
    strengths = [part.strength for part in parts]
    style(left, x="strength of guidance", y="mean absolute error", title="requested against achieved")
    error, low, high = with_ends([part.in_vs_out.mae for part in parts])
    left.plot(strengths, error, color=BLUE, marker="o", label="score error")
    left.fill_between(strengths, low, high, color=BLUE, alpha=0.2, linewidth=0)
    left.set_ylim(bottom=0)
    style(right, x="strength of guidance", y="share of real images'", title="pictures and judges")
    for name, colour in SHARES.items():
        right.plot(strengths, [_share(part, name) for part in parts], color=colour, marker="o", label=name)
    if parts[0].judges:
        judged = np.array([[judge.pearson.value for judge in part.judges.values()] for part in parts]).mean(axis=1)
        right.plot(strengths, judged / judges_on_real, color=PURPLE, marker="s", label="judges' correlation")
    right.axhline(1, color="black", linewidth=0.8, linestyle="--")
    right.set_ylim(0, 1.05 * right.get_ylim()[1])
    legend(figure, right)
    small_print(figure, [f"n = {parts[0].in_vs_out.n:,} under each strength", f"seed {seed}"])
    return figure


def _share(part: AtStrength, name: str) -> float:
    """A measure of the overlap as share of its floor; NaN where it was not measured."""
    mean = None if part.manifold is None else part.manifold.mean
    return np.nan if mean is None else getattr(mean, name).ratio
