"""What image attributes explain of the score."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from uqgen.data.attributes import ATTRIBUTES
from uqgen.explanation.analysis import ALL, Analysis, Source, class_key
from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.report.arrays import with_ends
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import (
    BLUE,
    INK,
    NAME_WIDTH,
    TEXT,
    VERMILLION,
    legend,
    new_figure,
    score_label,
    small_print,
    style,
)

LOOKS = {
    "real": (INK, "D", "real"),
    "generated": (VERMILLION, "o", "generated"),
    "changes": (BLUE, "s", "generated: change from the certain end"),
}
TOGETHER, FOREST, TRUTH = "all together (R²)", "random forest, held out (R²)", "true corruption (R²)"
_COLUMNS = 3
_LETTERS = 9  # of an attribute's name in one line under a column


def shares_figure(analysis: Analysis, score_name: str, *, seed: int) -> Figure:
    """Each attribute's share of the score's variance and its rank correlation with the score, with 95 % intervals.

    Args:
        analysis: what was found.
        score_name: name of the score.
        seed: for the small print.
    """
    rows = [*ATTRIBUTES, TOGETHER, FOREST, *([TRUTH] if analysis.truth else [])]
    figure = new_figure(height=0.36 * len(rows) + 1.5)
    left, right = figure.subplots(1, 2, sharey=True)
    style(left, x="share of the score's variance", title=f"score: {score_label(score_name)}")
    style(right, x="Spearman correlation with the score")
    for shift, name in zip((-0.22, 0, 0.22), LOOKS, strict=True):
        source = analysis.sources[name]
        shares = _shares(source)
        if name == "real" and analysis.truth:
            shares[TRUTH] = analysis.truth.explained[ALL].r2
        _draw_dots(left, [rows.index(row) + shift for row in shares], list(shares.values()), name)
        spearman = source.explained[ALL].spearman
        _draw_dots(right, [rows.index(row) + shift for row in spearman], list(spearman.values()), name)
    left.set_yticks(range(len(rows)), rows)
    left.set_ylim(len(rows) - 0.4, -0.6)
    left.set_xlim(min(0, left.get_xlim()[0]), 1)
    right.axvline(0, color=INK, linewidth=0.8)
    right.set_xlim(-1, 1)
    right.set_xticks([-1, -0.5, 0, 0.5, 1])
    for axes in (left, right):
        axes.grid(visible=False, axis="y")
        axes.axhline(len(ATTRIBUTES) - 0.5, color=INK, linewidth=0.6)
        axes.tick_params(axis="y", length=0, labelsize=TEXT)
    legend(figure, left)
    small_print(figure, ["bars: 95 % intervals", "scores spread evenly by weights", *_sizes(analysis), f"seed {seed}"])
    return figure


def shares_by_class_figure(analysis: Analysis, classes: ShownClasses, *, seed: int) -> Figure:
    """Each attribute's share for each class: generated images, their changes, and real ones.

    Args:
        analysis: what was found.
        classes: those that are drawn.
        seed: for the small print.
    """
    keys = [ALL, *(class_key(name, classes.names) for name in classes.shown_names)]
    rows = [ALL, *classes.fitted(NAME_WIDTH - 0.2, TEXT - 1)]
    columns = [*ATTRIBUTES, TOGETHER]
    figure = new_figure(height=len(LOOKS) * (0.2 * len(rows) + 0.35) + 2.0)
    all_axes = figure.subplots(len(LOOKS), 1, sharex=True)
    for axes, (name, (_, _, title)) in zip(all_axes, LOOKS.items(), strict=True):
        explained = analysis.sources[name].explained
        values = np.full((len(rows), len(columns)), np.nan)
        for row, key in enumerate(keys):
            if key in explained:
                parts = explained[key]
                values[row] = [*(share.value for share in parts.shares.values()), parts.r2.value]
        drawn = _draw_shares(axes, values, rows, columns, title)
    bar = figure.colorbar(drawn, ax=all_axes, shrink=0.4, aspect=30, pad=0.02)
    bar.set_label("share of the score's variance", fontsize=TEXT, color=INK)
    bar.ax.tick_params(labelsize=TEXT - 1)
    small_print(figure, ["shares sum to R²", *_sizes(analysis), *classes.note, f"seed {seed}"])
    return figure


def attribute_curves_figure(analysis: Analysis, score_name: str, *, high_means: str, seed: int) -> Figure:
    """How each attribute goes with the score achieved, from certain at the left to uncertain at the right.

    Lines are means of bins of scores, bands reach from quartile to quartile.

    Args:
        analysis: what was found.
        score_name: name of the score.
        high_means: "confident" or "uncertain", of the score.
        seed: for the small print.
    """
    n_rows = -(-len(ATTRIBUTES) // _COLUMNS)
    figure = new_figure(height=2.0 * n_rows + 0.7)
    all_axes = figure.subplots(n_rows, _COLUMNS, sharex=True, squeeze=False)
    for axes, attribute in zip(all_axes.ravel(), ATTRIBUTES.values(), strict=False):
        style(axes, title=attribute.name, y=attribute.unit)
        axes.yaxis.label.set_fontsize(TEXT - 1.5)
        for name in ("real", "generated"):
            colour, marker, label = LOOKS[name]
            points = [point for point in analysis.sources[name].curves[attribute.name] if point.n]
            middle = [(point.low + point.high) / 2 for point in points]
            quartiles = [[point.lower_quartile for point in points], [point.upper_quartile for point in points]]
            axes.fill_between(middle, *quartiles, color=colour, alpha=0.14, linewidth=0)
            means = [point.mean for point in points]
            axes.plot(middle, means, color=colour, marker=marker, markersize=3.5, linewidth=1.4, label=label)
    for axes in all_axes.ravel()[len(ATTRIBUTES) :]:
        axes.remove()
    for axes in all_axes[-1]:
        axes.set_xlabel(f"{score_label(score_name)} achieved", fontsize=TEXT, color=INK)
    if high_means == "confident":
        all_axes[0, 0].invert_xaxis()
    legend(figure, all_axes[0, 0])
    small_print(
        figure, ["line: mean, band: quartiles", "left: certain, right: uncertain", *_sizes(analysis), f"seed {seed}"]
    )
    return figure


def _shares(source: Source) -> dict[str, Estimate]:
    return {**source.explained[ALL].shares, TOGETHER: source.explained[ALL].r2, FOREST: source.held_out_r2}


def _sizes(analysis: Analysis) -> list[str]:
    return [f"{name}: n = {analysis.sources[name].explained[ALL].n:,}" for name in ("generated", "real")]


def _draw_dots(axes: Axes, places: Sequence[float], estimates: Sequence[Estimate], name: str) -> None:
    colour, marker, label = LOOKS[name]
    value, low, high = with_ends(estimates)
    axes.hlines(places, low, high, color=colour, linewidth=1.6)
    axes.plot(value, places, marker, color=colour, markersize=4, label=label)


def _draw_shares(axes: Axes, values: Array, rows: Sequence[str], columns: Sequence[str], title: str) -> AxesImage:
    style(axes, title=title)
    axes.grid(visible=False)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), [fill(column, _LETTERS, break_long_words=False) for column in columns])
    axes.tick_params(length=0, labelsize=TEXT - 1)
    axes.tick_params(axis="x", labelsize=TEXT - 2)
    for row, column in np.argwhere(np.isfinite(values)):
        share = values[row, column]
        colour = "white" if share > 0.55 else INK
        axes.text(column, row, f"{share:z.2f}", fontsize=TEXT - 2, color=colour, ha="center", va="center")
    return axes.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
