"""Real and generated points side by side: Le Coz et al. (2023), Fig. 2a."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.report.arrays import Array, shaped
from uqgen.report.style import SCORE_COLOURS, TEXT, new_figure, padded_limits, score_label, small_print, style

# Inches: the width of one panel.
_PANEL = 3.3


def moons_figure(
    real_x: ArrayLike,
    real_score: ArrayLike,
    fake_x: ArrayLike,
    asked: ArrayLike,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """Real points coloured by the score the classifier gives them, generated ones by the score that was asked.

    Args:
        real_x: float [N, 2], real points.
        real_score: float [N], their scores.
        fake_x: float [M, 2], generated points.
        asked: float [M], the scores asked of the generator.
        score_name: name of the score, such as `msp`.
        seed: seed the generated points were drawn with, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    real_x, fake_x = shaped("real_x", real_x, "N", 2), shaped("fake_x", fake_x, "M", 2)
    real_score, asked = shaped("real_score", real_score, len(real_x)), shaped("asked", asked, len(fake_x))
    everywhere, scores = np.concatenate([real_x, fake_x]), np.concatenate([real_score, asked])
    norm, label = Normalize(scores.min(), scores.max()), score_label(score_name)
    xlim, ylim = padded_limits(everywhere[:, 0]), padded_limits(everywhere[:, 1])

    # As high as the panels are, so that the colour bar is no higher than they.
    shape = (ylim[1] - ylim[0]) / (xlim[1] - xlim[0])
    figure = new_figure(height=float(np.clip(_PANEL * shape, 1.5, 5)) + 0.9)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_points(left, real_x, real_score, norm, "Real points, by score obtained")
    _draw_points(right, fake_x, asked, norm, "Generated points, by score asked")
    left.set(xlim=xlim, ylim=ylim)
    left.set_ylabel("$x_2$", fontsize=TEXT)

    bar = figure.colorbar(ScalarMappable(norm, SCORE_COLOURS), ax=[left, right], aspect=25, pad=0.01)
    bar.set_label(label, fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT - 1)
    bar.outline.set_visible(False)
    small_print(figure, [f"{len(real_x):,} real points", f"{len(fake_x):,} generated points", f"seed {seed}"])
    return figure


def _draw_points(axes: Axes, x: Array, score: Array, norm: Normalize, title: str) -> None:
    style(axes, x="$x_1$", title=title)
    axes.set_aspect("equal")
    axes.scatter(
        x[:, 0], x[:, 1], s=5, c=score, cmap=SCORE_COLOURS, norm=norm, alpha=0.8, linewidths=0, rasterized=True
    )
