"""Images in rows and columns on one pair of axes, each with a few words above it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from uqgen.metrics.bootstrap import Array
from uqgen.report.names import fitted_names, width_of
from uqgen.report.style import INK, SMALL_PRINT, TEXT, VERMILLION, WIDTH, new_figure, style

_LABELS, _BESIDE = 0.9, 0.4  # inches that row labels take from a figure's width: at least, and beyond their letters
_WIDEST = 0.8  # inches, of an image
_GAP = 0.05  # inches, between the words above neighbours
_LINE = 1.5 * SMALL_PRINT / 72  # inches, of words


def captioned_images(
    images: Array,
    words: Sequence[Sequence[str]],
    marked: Array,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    colours: Colormap | None = None,
) -> tuple[Figure, Axes]:
    """Draws images in rows and columns.

    Args:
        images: float [R, C, 1 or 3, H, W] in [-1, 1]; where it is NaN, nothing is drawn.
        words: what stands above each, C in each of R rows, in equally many lines; empty for nothing.
        marked: bool [R, C]; whether the words are set in orange and bold.
        row_labels: R names.
        column_labels: C names.
        colours: of the values of images with one channel; None for grey.
    """
    n_rows, n_columns, _, height, width = images.shape
    lines = max(text.count("\n") + 1 if text else 0 for row in words for text in row)
    side = column_width(n_columns, row_labels)
    step_x = 1.06 * width
    inch = step_x / side  # pixels
    above = (lines * _LINE + 0.02) * inch
    step_y = 1.06 * height + above
    figure = new_figure(height=n_rows * step_y / inch + 1.0, width=n_columns * side + _room(row_labels))
    axes = figure.subplots()
    style(axes)
    axes.grid(visible=False)
    for row, column in np.ndindex(n_rows, n_columns):
        if np.isfinite(images[row, column]).all():
            left, top = column * step_x, row * step_y + above
            _draw(axes, images[row, column], (left, left + width, top + height, top), colours)
            text_colour, weight = (VERMILLION, "bold") if marked[row, column] else (INK, "normal")
            axes.text(
                left + width / 2, top - 0.03 * inch, words[row][column],
                fontsize=SMALL_PRINT, color=text_colour, fontweight=weight, ha="center", va="bottom", linespacing=1.1,
            )  # fmt: skip
    axes.set(xlim=(0, n_columns * step_x), ylim=(n_rows * step_y, 0), aspect="equal", anchor="W")
    axes.set_xticks(np.arange(n_columns) * step_x + width / 2, column_labels)
    axes.set_yticks(np.arange(n_rows) * step_y + above + height / 2, row_labels)
    axes.tick_params(length=0, labelsize=TEXT)
    axes.spines[:].set_visible(False)
    return figure, axes


def column_width(n_columns: int, row_labels: Sequence[str]) -> float:
    """Inches from one image to the next where there are so many columns."""
    return min(_WIDEST, (WIDTH - _room(row_labels)) / n_columns)


def names_above(class_names: Sequence[str], n_columns: int, row_labels: Sequence[str], number: str = "") -> list[str]:
    """Names of classes as they fit above an image.

    Args:
        class_names: K names.
        n_columns: of images.
        row_labels: beside them.
        number: what follows a name in its line, of signs as wide as those that will stand there.
    """
    room = column_width(n_columns, row_labels) - width_of(number, SMALL_PRINT) - _GAP
    return fitted_names(class_names, room, SMALL_PRINT)


def _room(row_labels: Sequence[str]) -> float:
    return max(_LABELS, _BESIDE + max(width_of(label, TEXT) for label in row_labels))


def _draw(axes: Axes, image: Array, extent: tuple[float, float, float, float], colours: Colormap | None) -> None:
    """Draws an image [c, H, W] in [-1, 1] (clipped); images with one channel in grey or in given colours."""
    values = np.clip(image, -1, 1)
    if len(values) == 1:
        axes.imshow(values[0], cmap=colours or "gray", vmin=-1, vmax=1, interpolation="nearest", extent=extent)
    else:
        axes.imshow((values.transpose(1, 2, 0) + 1) / 2, interpolation="nearest", extent=extent)
