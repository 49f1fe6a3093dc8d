"""Galleries of uncertain images, and the classes between which the classifier hesitates."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from uqgen.explanation.second_choices import SecondChoices
from uqgen.report.arrays import Array, shaped
from uqgen.report.captioned_images import captioned_images, short_name
from uqgen.report.style import INK, TEXT, TITLE, WIDTH, new_figure, score_label, small_print, style


def gallery_figure(
    images: ArrayLike,
    probabilities: ArrayLike,
    score: float,
    class_names: Sequence[str],
    score_name: str,
    *,
    seed: int,
    dropped: str,
) -> Figure:
    """Images of each class asked with one score; above each the two most probable classes and their probabilities.

    Where the most probable class is not the one asked, both are set in orange and bold.

    Args:
        images: float [K, n, 1 or 3, H, W] in [-1, 1]; NaN where there is none.
        probabilities: float [K, n, K].
        score: the score asked.
        class_names: K names.
        score_name: name of the score.
        seed: of the noise, for the small print.
        dropped: what became of near-duplicates, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    images = shaped("images", images, len(class_names), "n", "c", "H", "W")
    probabilities = shaped("probabilities", probabilities, *images.shape[:2], len(class_names))
    order = np.argsort(-probabilities, axis=2, kind="stable")[..., :2]
    words = [
        [
            "\n".join(f"{short_name(class_names[k])} {vector[k]:.2f}" for k in best)
            for best, vector in zip(*row, strict=True)
        ]
        for row in zip(order, probabilities, strict=True)
    ]
    marked = order[..., 0] != np.arange(len(class_names))[:, None]
    figure, axes = captioned_images(images, words, marked, class_names, [""] * images.shape[1])
    axes.set_ylabel("class asked", fontsize=TEXT, color=INK)
    axes.set_title(f"{score_label(score_name)} {score:.3g} asked", fontsize=TITLE, color=INK, loc="left")
    above = "above: the two most probable classes and their probabilities"
    small_print(figure, [above, "orange: the first is not the class asked", dropped, f"seed {seed}"])
    return figure


def second_choices_figure(
    choices: Sequence[SecondChoices], class_names: Sequence[str], score_name: str, *, seed: int
) -> Figure:
    """For each score a matrix of generated images above one of real images: first choice by second choice, as shares.

    Args:
        choices: one for each score, drawn from left to right.
        class_names: K names.
        score_name: name of the score.
        seed: for the small print.
    """
    figure = new_figure(height=2 * WIDTH / len(choices) + 2.0)
    all_axes = figure.subplots(2, len(choices), squeeze=False, sharex=True, sharey=True)
    for column, choice in enumerate(choices):
        bounds = f"{score_label(score_name)} {choice.low:.2f} to {choice.high:.2f}"
        common = f"in common {_or_few(choice.overlap)} (halves {_or_few(choice.overlap_real)})"
        titles = (
            f"{bounds}\ngenerated, n = {np.sum(choice.generated):,}",
            f"{common}\nreal, n = {np.sum(choice.real):,}",
        )
        for axes, counts, title in zip(all_axes[:, column], (choice.generated, choice.real), titles, strict=True):
            drawn = _draw_matrix(axes, np.asarray(counts, float), class_names, title)
    for axes in all_axes[:, 0]:
        axes.set_ylabel("most probable class", fontsize=TEXT - 1, color=INK)
    for axes in all_axes[-1]:
        axes.set_xlabel("second most probable", fontsize=TEXT - 1, color=INK)
    bar = figure.colorbar(drawn, ax=all_axes, location="bottom", shrink=0.5, aspect=40, pad=0.03)
    bar.set_label("share of the row (0 to 1)", fontsize=TEXT - 1, color=INK)
    bar.ax.tick_params(labelsize=TEXT - 2)
    small_print(figure, ["rows with no image are left white", f"seed {seed}"])
    return figure


def _draw_matrix(axes: Axes, counts: Array, class_names: Sequence[str], title: str) -> AxesImage:
    total = counts.sum(axis=1, keepdims=True)
    shares = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
    style(axes)
    axes.grid(visible=False)
    axes.set_title(title, fontsize=TEXT - 1.5, color=INK, loc="left")
    places = range(len(class_names))
    axes.set_xticks(places, class_names, rotation=0 if max(map(len, class_names)) <= 2 else 90)
    axes.set_yticks(places, class_names)
    axes.tick_params(length=0, labelsize=TEXT - 2)
    return axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")


def _or_few(share: float) -> str:
    return "too few" if np.isnan(share) else f"{share:.2f}"
