"""From one given image to another: the images on the way, and what the classifier says of them."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uqgen.data.labelled import unit_range
from uqgen.explanation.interpolation import Between
from uqgen.metrics.bootstrap import Array
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    TEXT,
    VERMILLION,
    padded_limits,
    score_label,
    small_print,
    style,
)

_MOST_DRAWN = 11  # images on the way
_PLOT = 1.2  # inches, the height of each of the two plots
_CLASS_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE)


def between_figure(
    between: Between, class_names: Sequence[str], score_name: str, score_range: tuple[float, float], *, seed: int
) -> Figure:
    """Two given images and those on the way; below, score and probabilities, each point under its image.

    Probabilities are those of the classes that are ever the most probable one, five at most. Above each image stand the
    two most probable classes, in orange and bold where the first is that of neither image given.

    Args:
        between: what was found.
        class_names: K names.
        score_name: name of the score.
        score_range: what the score's axis shows at least.
        seed: of the inversion, for the small print.
    """
    given, made = between.given, between.on_the_way
    n = len(made.x)
    drawn = np.linspace(0, n - 1, min(n, _MOST_DRAWN)).round().astype(int)
    shown = unit_range(torch.cat([given.x[:1], made.x[drawn], given.x[1:]])).numpy()
    probabilities = torch.cat([given.probabilities[:1], made.probabilities, given.probabilities[1:]]).numpy()
    scores = torch.cat([given.own.score[:1], made.score_out, given.own.score[1:]]).numpy()
    captioned = probabilities[[0, *drawn + 1, -1]]
    marked = ~np.isin(captioned.argmax(axis=1), given.predicted)[None]
    columns = ["given", *(f"{way:.2g}" for way in made.way[drawn].tolist()), "given"]
    names = names_above(class_names, len(columns), [""])
    figure, strip = captioned_images(shown[None], [_two_most_probable(captioned, names)], marked, [""], columns)
    above, below = _add_plots(figure, strip)
    centres = strip.get_xticks()
    x = np.concatenate([centres[:1], np.interp(np.arange(n), drawn, centres[1:-1]), centres[-1:]])
    style(above, y=score_label(score_name))
    _draw(above, x, scores, INK, score_name)
    above.set_ylim(padded_limits(np.array([*score_range, *scores])))
    style(below, x="way from the first image to the second", y="probability")
    for k, colour in zip(_ever_most_probable(probabilities), _CLASS_COLOURS, strict=False):
        _draw(below, x, probabilities[:, k], colour, f"class {names[k]}")
    below.set_ylim(padded_limits(np.array([0, 1])))
    below.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=int(figure.get_figwidth() / 1.5), fontsize=TEXT - 1,
        frameon=False, borderaxespad=0, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    errors = " and ".join(f"{error:.3f}" for error in between.error.tolist())
    above_images = "above images: the two most probable classes, red where the first is that of neither image given"
    small_print(figure, [above_images, f"reconstructions' root mean square errors: {errors}", f"seed {seed}"])
    return figure


def _two_most_probable(probabilities: Array, names: Sequence[str]) -> list[str]:
    """Of vectors [N, K]; names of more than two letters take a line of their own."""
    between = " " if max(map(len, names)) <= 2 else "\n"
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    return [
        "\n".join(f"{names[k]}{between}{vector[k]:.2f}" for k in row)
        for row, vector in zip(best, probabilities, strict=True)
    ]


def _ever_most_probable(probabilities: Array) -> Array:
    """Classes that are the most probable one of any of vectors [N, K], the most frequent first."""
    counts = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    order = np.argsort(-counts, kind="stable")
    return order[counts[order] > 0]


def _add_plots(figure: Figure, strip: Axes) -> tuple[Axes, Axes]:
    """Two axes below the strip, whose x axis is that of the strip."""
    height, room = figure.get_figheight(), 1.08 * (figure.get_figheight() - 1)  # less what stands around the strip
    figure.set_figheight(height + 2 * _PLOT + 0.9)
    grid = figure.add_gridspec(3, 1, height_ratios=[room, _PLOT, _PLOT])
    strip.set_subplotspec(grid[0])
    strip.tick_params(labelbottom=False)
    above, below = (figure.add_subplot(grid[row], sharex=strip) for row in (1, 2))
    above.tick_params(labelbottom=False)
    return above, below


def _draw(axes: Axes, x: Array, values: Array, colour: str, label: str) -> None:
    """A line along the way, and dots at both ends for the images given."""
    axes.plot(x[1:-1], values[1:-1], color=colour, linewidth=1.6, label=label)
    axes.plot(x[[0, -1]], values[[0, -1]], "o", color=colour, markersize=4, clip_on=False)
