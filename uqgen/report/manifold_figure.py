"""Where generated images cover the real ones, and where not: a map of classes and scores."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.report.arrays import Array
from uqgen.report.style import INK, SCORE_COLOURS, SMALL_PRINT, new_figure, score_label, small_print, style

SHOWN = {"coverage": "coverage / real", "recall": "recall / real", "precision": "precision / real"}
MOST_CLASSES = 30
_LINE = 0.24  # inches, of a class


def manifold_figure(manifold: Manifold, score_name: str, *, seed: int) -> Figure:
    """Coverage, recall and precision of each class and bin, as shares of their floors.

    Of more than 30 classes, those with the least coverage are shown.

    Args:
        manifold: what was measured.
        score_name: name of the score, such as `msp`.
        seed: of the evaluation, for the small print.
    """
    bins = sorted([manifold.certain, *manifold.below], key=lambda part: part.low)
    maps = {name: _shares(bins, name) for name in SHOWN}
    least = np.nan_to_num(maps["coverage"], nan=np.inf).min(axis=1).argsort(kind="stable")[:MOST_CLASSES]
    rows = np.sort(least)
    names = [list(bins[0].classes)[row] for row in rows]
    figure = new_figure(height=_LINE * len(rows) + 1.5)
    for axes, (name, title) in zip(figure.subplots(1, len(SHOWN), sharey=True), SHOWN.items(), strict=True):
        style(axes, x=f"{score_label(score_name)} requested", title=title)
        _draw(axes, maps[name][rows])
        axes.set_xticks(
            np.arange(len(bins)), [_edges(part) for part in bins], rotation=60, ha="right", rotation_mode="anchor"
        )
        axes.set_yticks(np.arange(len(rows)), names)
    marks = "1: as real images that take the place of the generated ones; blank: too few real images"
    small_print(figure, [marks, f"k = {manifold.k}", f"seed {seed}"])
    return figure


def _shares(bins: list[InBin], name: str) -> Array:
    """Of each class (row) and bin (column), generated as share of the floor; NaN where there is none."""
    return np.array([[_share(found, name) for found in part.classes.values()] for part in bins]).T


def _share(found: InCell, name: str) -> float:
    if found.generated is None:
        return np.nan
    ours, floor = getattr(found.generated, name).value, getattr(found.floor, name).value
    return ours / floor if floor else np.nan


def _edges(part: InBin) -> str:
    return f"{part.low:.2g}–{part.high:.2g}"  # noqa: RUF001


def _draw(axes: Axes, shares: Array) -> None:
    axes.grid(visible=False)
    axes.imshow(shares, cmap=SCORE_COLOURS, vmin=0, vmax=1, aspect="auto")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            colour = "white" if share < 0.7 else INK
            axes.text(column, row, f"{share:.2f}", fontsize=SMALL_PRINT, color=colour, ha="center", va="center")
