"""Unselected generated images of each class beside real ones of the same class and score."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.report.image_figures import centres, checked_images, draw_image, sheet_of
from uqgen.report.style import TEXT, WIDTH, new_figure, small_print, style

_LABELS = 0.9  # inches that the classes' names take
_WIDEST = 0.45  # inches, of an image


def side_by_side_figure(
    generated: ArrayLike, real: ArrayLike, class_names: Sequence[str], scores: str, *, seed: int
) -> Figure:
    """A row for each class: generated images at the left, real ones at the right.

    Args:
        generated: float [K, n, 1 or 3, H, W] in [-1, 1].
        real: the same of real images; class and score of each are those requested of the generated one in its place.
        class_names: K names.
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
        part.grid(visible=False)
        draw_image(part, sheet)
    axes[0].set_yticks(centres(n_rows, height), class_names)
    axes[0].tick_params(length=0, labelsize=TEXT)
    small_print(figure, [scores, "drawn at random, none selected", f"seed {seed}"])
    return figure
