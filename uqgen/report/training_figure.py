"""What was logged during a training, against the images shown."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.ndimage import uniform_filter1d

from uqgen.metrics.bootstrap import Array
from uqgen.report.arrays import shaped
from uqgen.report.style import BLUE, INK, TEXT, WIDTH, new_figure, small_print, style
from uqgen.settings import require

_N_COLUMNS = 3
# A running mean is of this share of a curve.
_SMOOTHED_SHARE = 0.05


def training_figure(n_images: ArrayLike, curves: Mapping[str, ArrayLike], *, seed: int) -> Figure:
    """Small multiples, one for each curve: thin what was logged, thick its running mean over 5 % of the curve.

    Args:
        n_images: [T], images shown to the discriminator.
        curves: name to float [T]; NaN where nothing was logged.
        seed: seed of the training, for the small print.

    Raises:
        SettingError: there is no curve, or one is not as long as `n_images`.
    """
    n_images = shaped("n_images", n_images, "T")
    require(len(curves) > 0, "curves", len(curves), "at least one")
    n_columns = min(_N_COLUMNS, len(curves))
    n_rows = math.ceil(len(curves) / n_columns)
    figure = new_figure(height=1.75 * n_rows + 0.5, width=WIDTH * n_columns / _N_COLUMNS)
    cells = figure.subplots(n_rows, n_columns, sharex=True, squeeze=False).ravel()
    for axes, (name, values) in zip(cells, curves.items(), strict=False):
        style(axes, title=name)
        _draw_curve(axes, n_images, shaped(name, values, len(n_images)))
    for axes in cells[len(curves) :]:
        axes.remove()
    # The lowest of each column, which is not in the last row where that row is not full.
    for axes in cells[: len(curves)][-n_columns:]:
        axes.set_xlabel("images shown (thousands)", fontsize=TEXT, color=INK)
        axes.tick_params(labelbottom=True)
    small_print(figure, ["thin: as logged", "thick: running mean over 5 % of the curve", f"seed {seed}"])
    return figure


def _draw_curve(axes: Axes, n_images: Array, values: Array) -> None:
    logged = ~np.isnan(values)
    thousands, values = n_images[logged] / 1000, values[logged]
    window = max(1, round(_SMOOTHED_SHARE * len(values)))
    axes.plot(thousands, values, color=BLUE, linewidth=0.6, alpha=0.35)
    smooth = uniform_filter1d(values, window, mode="nearest")
    marker = "o" if len(values) == 1 else None  # one point makes no line
    axes.plot(thousands, smooth, color=BLUE, linewidth=1.6, marker=marker)
