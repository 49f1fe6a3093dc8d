"""Generated beside real data: a map of classes and scores, images, and points (Le Coz et al., 2023, Fig. 2a)."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.metrics.bootstrap import Array
from uqgen.report.arrays import shaped
from uqgen.report.image_figures import centres, checked_images, draw_sheet, sheet_of
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import (
    INK,
    NAME_WIDTH,
    SCORE_COLOURS,
    SMALL_PRINT,
    TEXT,
    WIDTH,
    interval_label,
    new_figure,
    padded_limits,
    score_label,
    small_print,
    style,
)

SHOWN = {"coverage": "coverage / real", "recall": "recall / real", "precision": "precision / real"}
MOST_CLASSES = 30
_PANELS = 3  # beside each other
_LINE = 0.24  # inches, of a class
_LABELS = 0.9  # inches that the classes' names take
_WIDEST = 0.45  # inches, of an image
# Inches: the width of one panel.
_PANEL = 3.3


def manifold_figure(manifold: Manifold, appearance: Mapping[str, Manifold], score_name: str, *, seed: int) -> Figure:
    """Coverage, recall and precision of each class and bin, and precision in their appearance, as shares of floors.

    Of more than 30 classes, those with the least coverage are shown.

    Args:
        manifold: what was measured.
        appearance: in `detail` and `texture`; nothing for points.
        score_name: name of the score, such as `msp`.
        seed: of the evaluation, for the small print.
    """
    bins = _by_score(manifold)
    maps = {title: _shares(bins, name) for name, title in SHOWN.items()}
    least = np.nan_to_num(maps[SHOWN["coverage"]], nan=np.inf).min(axis=1).argsort(kind="stable")[:MOST_CLASSES]
    for what, found in appearance.items():
        maps[f"precision of {what} / real"] = _shares(_by_score(found), "precision")
    rows = np.sort(least)
    rule = "those with the least coverage in any part of the range"
    classes = ShownClasses(list(bins[0].classes), rows.tolist(), rule)
    n_rows = math.ceil(len(maps) / _PANELS)
    figure = new_figure(height=(_LINE * len(rows) + 1.3) * n_rows + 0.2)
    panels = figure.subplots(n_rows, _PANELS, sharey=True, squeeze=False).flat
    for axes in panels[len(maps) :]:
        axes.remove()
    for axes, (title, shares) in zip(panels, maps.items(), strict=False):
        style(axes, x=f"{score_label(score_name)} requested", title=title)
        _draw_map(axes, shares[rows])
        axes.set_xticks(
            np.arange(len(bins)),
            [interval_label(part.low, part.high) for part in bins],
            rotation=60,
            ha="right",
            rotation_mode="anchor",
        )
        axes.set_yticks(np.arange(len(rows)), classes.fitted(NAME_WIDTH, TEXT - 1))
    marks = "1: as real images that take the place of the generated ones; blank: too few real images"
    small_print(figure, [marks, *classes.note, f"k = {manifold.k}", f"seed {seed}"])
    return figure


def _by_score(manifold: Manifold) -> list[InBin]:
    return sorted([manifold.certain, *manifold.below], key=lambda part: part.low)


def _shares(bins: list[InBin], name: str) -> Array:
    """Of each class (row) and bin (column), generated as share of the floor; NaN where there is none."""
    return np.array([[_share(found, name) for found in part.classes.values()] for part in bins]).T


def _share(found: InCell, name: str) -> float:
    if found.generated is None:
        return np.nan
    ours, floor = getattr(found.generated, name).value, getattr(found.floor, name).value
    return ours / floor if floor else np.nan


def _draw_map(axes: Axes, shares: Array) -> None:
    axes.grid(visible=False)
    axes.imshow(shares, cmap=SCORE_COLOURS, vmin=0, vmax=1, aspect="auto")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            colour = "white" if share < 0.7 else INK
            axes.text(column, row, f"{share:.2f}", fontsize=SMALL_PRINT, color=colour, ha="center", va="center")


def side_by_side_figure(
    generated: ArrayLike, real: ArrayLike, classes: ShownClasses, scores: str, *, seed: int
) -> Figure:
    """A row for each class: generated images at the left, real ones at the right.

    Args:
        generated: float [R, n, 1 or 3, H, W] in [-1, 1].
        real: the same of real images; class and score of each are those requested of the generated one in its place.
        classes: R of K classes, one a row.
        scores: which scores they have, in words.
        seed: of the noise and of what is drawn, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    sides = [sheet_of(checked_images(side)) for side in (generated, real)]
    n_rows, n_columns, _, height, _ = np.shape(generated)
    width = min((WIDTH - _LABELS) / 2, _WIDEST * n_columns)
    figure = new_figure(height=width * sides[0].shape[1] / sides[0].shape[2] + 0.75, width=2 * width + _LABELS)
    axes = figure.subplots(1, 2)
    for part, sheet, title in zip(axes, sides, ("generated", "real"), strict=True):
        style(part, title=title)
        draw_sheet(part, sheet)
    axes[0].set_yticks(centres(n_rows, height), classes.fitted(NAME_WIDTH, TEXT))
    small_print(figure, [scores, "images drawn at random, none selected", *classes.note, f"seed {seed}"])
    return figure


def moons_figure(
    real_x: ArrayLike,
    real_score: ArrayLike,
    fake_x: ArrayLike,
    requested: ArrayLike,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """Real points coloured by the score the classifier gives them, generated ones by the score that was requested.

    Args:
        real_x: float [N, 2], real points.
        real_score: float [N], their scores.
        fake_x: float [M, 2], generated points.
        requested: float [M], the scores requested of the generator.
        score_name: name of the score, such as `msp`.
        seed: seed the generated points were drawn with, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    real_x, fake_x = shaped("real_x", real_x, "N", 2), shaped("fake_x", fake_x, "M", 2)
    real_score, requested = shaped("real_score", real_score, len(real_x)), shaped("requested", requested, len(fake_x))
    everywhere, scores = np.concatenate([real_x, fake_x]), np.concatenate([real_score, requested])
    norm, label = Normalize(scores.min(), scores.max()), score_label(score_name)
    xlim, ylim = padded_limits(everywhere[:, 0]), padded_limits(everywhere[:, 1])

    # As high as the panels are, so that the colour bar is no higher than they.
    shape = (ylim[1] - ylim[0]) / (xlim[1] - xlim[0])
    figure = new_figure(height=float(np.clip(_PANEL * shape, 1.5, 5)) + 0.9)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_points(left, real_x, real_score, norm, "Real points, by their score")
    _draw_points(right, fake_x, requested, norm, "Generated points, by score requested")
    left.set(xlim=xlim, ylim=ylim)
    left.set_ylabel("x₂", fontsize=TEXT)

    bar = figure.colorbar(ScalarMappable(norm, SCORE_COLOURS), ax=[left, right], aspect=25, pad=0.01)
    bar.set_label(label, fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT - 1)
    bar.outline.set_visible(False)
    small_print(figure, [f"{len(real_x):,} real points", f"{len(fake_x):,} generated points", f"seed {seed}"])
    return figure


def _draw_points(axes: Axes, x: Array, score: Array, norm: Normalize, title: str) -> None:
    style(axes, x="x₁", title=title)
    axes.set_aspect("equal")
    axes.scatter(
        x[:, 0], x[:, 1], s=5, c=score, cmap=SCORE_COLOURS, norm=norm, alpha=0.8, linewidths=0, rasterized=True
    )
