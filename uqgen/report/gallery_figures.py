"""Galleries of uncertain images, and the classes between which the classifier hesitates."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from uqgen.explanation.second_choices import SecondChoices
from uqgen.metrics.bootstrap import Array
from uqgen.report.arrays import shaped
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.shown_classes import MOST, ShownClasses
from uqgen.report.style import (
    INK,
    NAME_WIDTH,
    TEXT,
    TITLE,
    WIDTH,
    interval_text,
    new_figure,
    score_label,
    small_print,
    style,
)
from uqgen.score_texts import score_texts

_NAME = 0.7  # inches, of a class's name beside a matrix
_LETTERS = 26  # in a line above one of four matrices


def gallery_figure(
    images: ArrayLike,
    probabilities: ArrayLike,
    score: float,
    classes: ShownClasses,
    score_name: str,
    *,
    within: Sequence[float],
    seed: int,
    dropped: str,
) -> Figure:
    """Images of each class requested with one score; above each the two most probable classes and their probabilities.

    Where the most probable class is not the one requested, both are set in orange and bold.

    Args:
        images: float [R, n, 1 or 3, H, W] in [-1, 1]; NaN where there is none.
        probabilities: float [R, n, K].
        score: the score requested.
        classes: R of K classes, one a row.
        score_name: name of the score.
        seed: of the noise, for the small print.
        within: scores of which the range says how many decimals they need.
        dropped: what became of near-duplicates, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = shaped("images", images, len(classes.labels), "n", "c", "H", "W")
    probabilities = shaped("probabilities", probabilities, *images.shape[:2], len(classes.names))
    order = np.argsort(-probabilities, axis=2, kind="stable")[..., :2]
    rows = classes.fitted(NAME_WIDTH, TEXT)
    names = names_above(classes.names, images.shape[1], rows, number=" 0.00")
    words = [
        ["\n".join(f"{names[k]} {vector[k]:.2f}" for k in best) for best, vector in zip(*row, strict=True)]
        for row in zip(order, probabilities, strict=True)
    ]
    marked = order[..., 0] != np.asarray(classes.labels)[:, None]
    figure, axes = captioned_images(images, words, marked, rows, [""] * images.shape[1])
    axes.set_ylabel("class requested", fontsize=TEXT, color=INK)
    axes.set_title(
        f"{score_label(score_name)} {score_texts(score, within=within)[0]} requested",
        fontsize=TITLE,
        color=INK,
        loc="left",
    )
    above = "above: the two most probable classes and their probabilities"
    parts = [above, "orange: the first is not the class requested", dropped]
    small_print(figure, [*parts, *classes.note, f"seed {seed}"])
    return figure


def second_choices_figure(
    choices: Sequence[SecondChoices], class_names: Sequence[str], score_name: str, *, seed: int
) -> Figure:
    """For each score a matrix of generated images above one of real images: first choice by second choice, as shares.

    Of many classes those are drawn that are chosen most often; shares are of all second choices.

    Args:
        choices: one for each score, drawn from left to right.
        class_names: K names.
        score_name: name of the score.
        seed: for the small print.
    """
    classes = _most_chosen(choices, class_names)
    figure = new_figure(height=2 * WIDTH / len(choices) + 2.0)
    all_axes = figure.subplots(2, len(choices), squeeze=False, sharex=True, sharey=True)
    for column, choice in enumerate(choices):
        bounds = fill(f"{score_label(score_name)} {interval_text(choice.low, choice.high)}", _LETTERS)
        common = f"in common {_or_few(choice.overlap)} (halves {_or_few(choice.overlap_real)})"
        titles = (
            f"{bounds}\ngenerated, n = {np.sum(choice.generated):,}",
            f"{common}\nreal, n = {np.sum(choice.real):,}",
        )
        for axes, counts, title in zip(all_axes[:, column], (choice.generated, choice.real), titles, strict=True):
            drawn = _draw_matrix(axes, np.asarray(counts, float), classes, title)
    for axes in all_axes[:, 0]:
        axes.set_ylabel("most probable class", fontsize=TEXT - 1, color=INK)
    for axes in all_axes[-1]:
        axes.set_xlabel("second most probable", fontsize=TEXT - 1, color=INK)
    bar = figure.colorbar(drawn, ax=all_axes, location="bottom", shrink=0.5, aspect=40, pad=0.03)
    bar.set_label("share of the row (0 to 1)", fontsize=TEXT - 1, color=INK)
    bar.ax.tick_params(labelsize=TEXT - 2)
    small_print(figure, ["rows with no image are left white", *classes.note, f"seed {seed}"])
    return figure


def _most_chosen(choices: Sequence[SecondChoices], class_names: Sequence[str]) -> ShownClasses:
    counts = np.sum([part for choice in choices for part in (choice.generated, choice.real)], axis=0)
    often = np.argsort(-counts.sum(axis=0) - counts.sum(axis=1), kind="stable")[:MOST]
    return ShownClasses(class_names, sorted(often.tolist()), "those that are most often first or second choice")


def _draw_matrix(axes: Axes, counts: Array, classes: ShownClasses, title: str) -> AxesImage:
    total = counts.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, counts / np.maximum(total, 1), np.nan)[np.ix_(classes.labels, classes.labels)]
    style(axes)
    axes.grid(visible=False)
    axes.set_title(title, fontsize=TEXT - 1.5, color=INK, loc="left")
    places, names = range(len(shares)), classes.fitted(_NAME, TEXT - 2)
    axes.set_xticks(places, names, rotation=0 if max(map(len, names)) <= 2 else 90)
    axes.set_yticks(places, names)
    axes.tick_params(length=0, labelsize=TEXT - 2)
    return axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")


def _or_few(share: float) -> str:
    return "too few" if np.isnan(share) else f"{share:.2f}"
