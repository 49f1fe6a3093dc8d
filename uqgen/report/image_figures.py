"""Generated images in rows and columns: Le Coz et al. (2023), Fig. 3, and the grid that is drawn during training."""

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.metrics.bootstrap import Array
from uqgen.report.arrays import shaped
from uqgen.report.names import fitted_names
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import (
    INK,
    NAME_WIDTH,
    TEXT,
    TITLE,
    VERMILLION,
    WIDTH,
    new_figure,
    score_label,
    small_print,
    style,
)
from uqgen.score_texts import score_texts
from uqgen.settings import require

# Inches: what row labels take from a figure's width, and the widest an image is drawn in rows and in a grid.
_LABELS = 0.9
_WIDEST, _WIDEST_IN_GRID = 0.85, 0.6
# Pixels between the images of a grid.
GAP = 2


def two_rows_figure(
    images: ArrayLike,
    row_scores: ArrayLike,
    predicted: ArrayLike,
    probability: ArrayLike,
    classes: ShownClasses,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """One column per class with the same noise, one row per score; above each image what the classifier says.

    A prediction other than the class requested is set in orange and bold.

    Args:
        images: float [R, C, 1 or 3, H, W] in [-1, 1]; each column was requested to be of the class shown there.
        row_scores: float [R], the score requested in each row (the paper: 1 and 0.7).
        predicted: integers [R, C] in 0 .. K - 1, the class the classifier predicts.
        probability: float [R, C] in [0, 1], the probability it gives that class.
        classes: C of K classes, one a column.
        score_name: name of the score, such as `msp`.
        seed: seed of the noise, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = checked_images(images)
    n_rows, n_columns, _, height, width = images.shape
    row_scores = shaped("row_scores", row_scores, n_rows)
    predicted = shaped("predicted", predicted, n_rows, n_columns)
    probability = shaped("probability", probability, n_rows, n_columns)
    require(len(classes.labels) == n_columns, "classes", len(classes.labels), f"{n_columns}, one per column")

    cell = min(_WIDEST, (WIDTH - _LABELS) / n_columns)
    figure = new_figure(height=n_rows * (cell * height / width + 0.42) + 0.4, width=n_columns * cell + _LABELS)
    figure.set_layout_engine("constrained", w_pad=0.03, wspace=0, hspace=0)
    cells = figure.subplots(n_rows, n_columns, squeeze=False)
    names = fitted_names(classes.names, cell, TEXT - 1)
    for row in range(n_rows):
        for column in range(n_columns):
            axes, guess = cells[row, column], predicted[row, column]
            draw_image(axes, images[row, column])
            is_requested = guess == classes.labels[column]
            _write_prediction(axes, names[guess], probability[row, column], is_requested=is_requested)
    for axes, score in zip(cells[:, 0], score_texts(row_scores), strict=True):
        label = f"{fill(score_label(score_name), 11)}\n{score}"
        axes.set_ylabel(label, fontsize=TITLE, rotation=0, ha="right", va="center", labelpad=6)
    for axes, requested in zip(cells[-1], classes.labels, strict=True):
        axes.set_xlabel(names[requested], fontsize=TEXT - 1, fontweight="bold", labelpad=4)
    parts = ["below: class requested", "above: class predicted and its probability", "one noise per column"]
    small_print(figure, [*parts, *classes.note, f"seed {seed}"])
    return figure


def sample_grid_figure(
    images: ArrayLike,
    classes: ShownClasses,
    column_scores: ArrayLike,
    title: str,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """A fixed grid of generated images: a class per row, a score per column, the same noise along a row.

    Args:
        images: float [R, C, 1 or 3, H, W] in [-1, 1].
        classes: those requested, one a row.
        column_scores: float [C], the scores requested, as a rule from confident to uncertain.
        title: what is shown, such as the number of images trained on.
        score_name: name of the score, such as `msp`.
        seed: seed of the noise, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = checked_images(images)
    n_rows, n_columns, _, height, width = images.shape
    column_scores = shaped("column_scores", column_scores, n_columns)
    require(len(classes.labels) == n_rows, "classes", len(classes.labels), f"{n_rows}, one per row")

    sheet = sheet_of(images)
    sheet_width = min(WIDTH - _LABELS, _WIDEST_IN_GRID * n_columns)
    figure = new_figure(height=sheet_width * sheet.shape[1] / sheet.shape[2] + 1.0, width=sheet_width + _LABELS)
    axes = figure.subplots()
    style(axes, x=f"{score_label(score_name)} requested", y="class requested", title=title)
    draw_sheet(axes, sheet)
    axes.set_xticks(centres(n_columns, width), score_texts(column_scores))
    axes.set_yticks(centres(n_rows, height), classes.fitted(NAME_WIDTH, TEXT))
    small_print(figure, ["one noise per row", *classes.note, f"seed {seed}"])
    return figure


def checked_images(images: ArrayLike) -> Array:
    """The images as an array [R, C, 1 or 3, H, W].

    Raises:
        SettingError: they have another shape.
    """
    images = shaped("images", images, "R", "C", "c", "H", "W")
    require(images.shape[2] in (1, 3), "images.shape", images.shape, "1 or 3 channels on the third axis")
    return images


def sheet_of(images: Array) -> Array:
    """The images [R, C, c, H, W] beside each other on white, as one image [c, height, width]."""
    n_rows, n_columns, channels, height, width = images.shape
    cells = np.ones((n_rows, n_columns, channels, height + GAP, width + GAP), images.dtype)
    cells[..., :height, :width] = images
    sheet = cells.transpose(2, 0, 3, 1, 4).reshape(channels, n_rows * (height + GAP), n_columns * (width + GAP))
    return sheet[:, :-GAP, :-GAP]


def centres(n: int, side: int) -> Array:
    """Where the centres of n images of that side lie on a sheet, in pixels along one axis."""
    return np.arange(n) * (side + GAP) + (side - 1) / 2


def pixels_of(image: Array) -> Array:
    """An image [c, H, W] in [-1, 1] (clipped) as matplotlib takes it, in [0, 1]: [H, W] of one channel or [H, W, 3]."""
    pixels = np.clip((image + 1) / 2, 0, 1)
    return pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)


def draw_image(axes: Axes, image: Array) -> None:
    """Draws an image [c, H, W] in [-1, 1] (clipped), grey when it has one channel."""
    axes.imshow(pixels_of(image), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_sheet(axes: Axes, sheet: Array, points: float = TEXT) -> None:
    """Draws what `sheet_of` returns; labels at `centres` are to be of so many points, without ticks."""
    axes.grid(visible=False)
    draw_image(axes, sheet)
    axes.tick_params(length=0, labelsize=points)


def _write_prediction(axes: Axes, name: str, probability: float, *, is_requested: bool) -> None:
    colour, weight = (INK, "normal") if is_requested else (VERMILLION, "bold")
    axes.set_title(f"{name}\n{probability:.2f}", fontsize=TEXT - 1, pad=3, color=colour, fontweight=weight)
