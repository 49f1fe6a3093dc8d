"""Score sweeps: the images, what changes in them, and an animation."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from uqgen.metrics.bootstrap import Array
from uqgen.report.arrays import shaped
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.image_figures import GAP, centres, checked_images, draw_sheet, pixels_of, sheet_of
from uqgen.report.saving import png
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import INK, NAME_WIDTH, TEXT, TITLE, new_figure, score_label, small_print, style
from uqgen.score_texts import score_texts

DIFFERENCES = colormaps["RdBu_r"]
_SHEET = 6.4  # inches, the width of a frame's images
_FRAME_DPI = 80
_FRAME_MS, _REST_MS = 120, 900  # how long a frame is shown, and the two ends


def strips_figure(
    images: ArrayLike,
    scores: ArrayLike,
    achieved: ArrayLike,
    predicted: ArrayLike,
    classes: ShownClasses,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """One strip for each class, from certain to uncertain under one noise; above each image what the classifier says.

    A prediction other than the class requested is set in orange and bold.

    Args:
        images: float [R, S, 1 or 3, H, W] in [-1, 1].
        scores: float [S], the scores requested.
        achieved: float [R, S], the scores achieved.
        predicted: integers [R, S] in 0 .. K - 1, the most probable class.
        classes: R of K classes, one a row.
        score_name: name of the score.
        seed: of the noise, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = checked_images(images)
    shape = images.shape[:2]
    scores = shaped("scores", scores, shape[1])
    achieved, predicted = shaped("achieved", achieved, *shape), shaped("predicted", predicted, *shape)
    names = names_above(classes.names, shape[1], classes.fitted(NAME_WIDTH, TEXT))
    between = ": " if max(map(len, names)) <= 2 else "\n"
    texts = np.reshape(score_texts(achieved, within=scores, aligned=True), shape)
    words = [
        [f"{names[guess]}{between}{text}" for guess, text in zip(*row, strict=True)]
        for row in zip(predicted, texts, strict=True)
    ]
    marked = predicted != np.asarray(classes.labels)[:, None]
    figure, _ = _in_strips(images, words, marked, scores, classes, score_name)
    above = f"above: class predicted and {score_label(score_name)} achieved"
    parts = [above, "orange: not the class requested", "one noise per row"]
    small_print(figure, [*parts, *classes.note, f"seed {seed}"])
    return figure


def differences_figure(
    images: ArrayLike, scores: ArrayLike, classes: ShownClasses, score_name: str, *, seed: int
) -> Figure:
    """How each image of a strip differs from its first one, the certain end; red became brighter, blue darker.

    Args:
        images: float [R, S, 1 or 3, H, W] in [-1, 1]; of several channels the mean is compared.
        scores: float [S], the scores requested.
        classes: R of K classes, one a row.
        score_name: name of the score.
        seed: of the noise, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = checked_images(images)
    n_rows, n_columns = images.shape[:2]
    scores = shaped("scores", scores, n_columns)
    difference = (images - images[:, :1]).mean(axis=2, keepdims=True) / 2  # of pixels in [0, 1]
    nothing = [[""] * n_columns] * n_rows
    unmarked = np.zeros((n_rows, n_columns), bool)
    figure, axes = _in_strips(difference, nothing, unmarked, scores, classes, score_name, DIFFERENCES)
    figure.set_figheight(figure.get_figheight() + 0.6)
    scale = ScalarMappable(Normalize(-1, 1), DIFFERENCES)
    bar = figure.colorbar(scale, ax=axes, location="bottom", shrink=0.6, aspect=40, pad=0.02, panchor=False)
    bar.set_label(
        f"pixel (0 to 1) less that at {score_label(score_name)} {score_texts(scores)[0]}", fontsize=TEXT, color=INK
    )
    bar.ax.tick_params(labelsize=TEXT - 1)
    small_print(figure, ["one noise per row", *classes.note, f"seed {seed}"])
    return figure


def sweep_animation(
    images: ArrayLike, scores: ArrayLike, achieved: ArrayLike, classes: ShownClasses, score_name: str
) -> bytes:
    """A GIF that goes from certain to uncertain and back: a class in each column, a noise in each row.

    Args:
        images: float [R, M, S, 1 or 3, H, W] in [-1, 1].
        scores: float [S], the scores requested.
        achieved: float [R, M, S], the scores achieved.
        classes: R of K classes, one a column.
        score_name: name of the score.
    """
    images = shaped("images", images, len(classes.labels), "M", "S", "c", "H", "W")
    scores, achieved = shaped("scores", scores, "S"), shaped("achieved", achieved, *images.shape[:3])
    sheets = [sheet_of(images[:, :, step].swapaxes(0, 1)) for step in range(len(scores))]
    figure, axes = _still(sheets[0], classes)
    drawn = []
    for step, sheet in enumerate(sheets):
        axes.images[0].set_data(pixels_of(sheet))
        # Numbers of one width, so that the title does not tremble.
        found = score_texts([scores[step], achieved[:, :, step].mean()], within=scores, aligned=True)
        said = f"requested {found[0]}    achieved {found[1]} (mean)"
        axes.set_title(f"{score_label(score_name)} {said}", fontsize=TITLE, color=INK, loc="left")
        drawn.append(_rendered(figure))
        figure.set_layout_engine("none")  # nothing moves from here on
    frames = [*drawn, *drawn[-2:0:-1]]
    durations = [_REST_MS if step in (0, len(drawn) - 1) else _FRAME_MS for step in range(len(frames))]
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return buffer.getvalue()


def _in_strips(
    images: Array,
    words: Sequence[Sequence[str]],
    marked: Array,
    scores: Array,
    classes: ShownClasses,
    score_name: str,
    colours: Colormap | None = None,
) -> tuple[Figure, Axes]:
    """Captioned images, a class requested in each row and a score requested in each column."""
    rows, columns = classes.fitted(NAME_WIDTH, TEXT), score_texts(scores)
    figure, axes = captioned_images(images, words, marked, rows, columns, colours=colours)
    axes.set_xlabel(f"{score_label(score_name)} requested", fontsize=TEXT, color=INK)
    axes.set_ylabel("class requested", fontsize=TEXT, color=INK)
    return figure, axes


def _still(sheet: Array, classes: ShownClasses) -> tuple[Figure, Axes]:
    """What all frames share, and one of them."""
    figure = new_figure(height=_SHEET * sheet.shape[1] / sheet.shape[2] + 1.1, width=_SHEET + 0.4)
    axes = figure.subplots()
    style(axes, x="class requested; a noise in each row")
    draw_sheet(axes, sheet)
    n = len(classes.labels)
    side = (sheet.shape[2] + GAP) // n - GAP
    axes.set_xticks(centres(n, side), classes.fitted(_SHEET / n - 0.05, TEXT))
    small_print(figure, classes.note)
    return figure, axes


def _rendered(figure: Figure) -> Image.Image:
    return Image.open(BytesIO(png(figure, _FRAME_DPI))).convert("RGB").quantize(128)
