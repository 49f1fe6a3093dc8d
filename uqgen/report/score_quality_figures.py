"""How far a score can be trusted on real images: reliability, risk by coverage, and the most certain errors."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.evaluation.score_quality import ConfidentError, ScoreQuality
from uqgen.metrics.failure_detection import N_BINS
from uqgen.report.arrays import shaped, with_ends
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    TITLE,
    new_figure,
    score_label,
    small_print,
    style,
    with_interval,
)

COLUMNS = 8  # of errors


def score_quality_figure(quality: ScoreQuality, score_name: str, *, seed: int) -> Figure:
    """Accuracy by highest probability, and the error rate by the share of images that is kept.

    Args:
        quality: of real images.
        score_name: name of the score.
        seed: of the resamples, for the small print.
    """
    figure = new_figure(height=3.9)
    left, right = figure.subplots(1, 2)
    _draw_reliability(left, quality)
    _draw_risk(right, quality, score_name)
    n, n_errors = quality.all.n, quality.all.n_errors
    parts = [f"n = {n:,} real images, {n_errors:,} errors", "bars: 95 % Wilson intervals", f"{N_BINS} bins"]
    small_print(figure, [*parts, f"seed {seed}"])
    return figure


def confident_errors_figure(
    images: ArrayLike, errors: Sequence[ConfidentError], class_names: Sequence[str], score_name: str, *, seed: int
) -> Figure:
    """The errors that the score finds the most certain; above each the class predicted and its probability.

    Args:
        images: float [N, 1 or 3, H, W] in [-1, 1], of the errors.
        errors: N of them, at least 1, the most certain first.
        class_names: K names.
        score_name: name of the score.
        seed: of the evaluation, for the small print.

    Raises:
        SettingError: the images have another shape.
    """
    images = shaped("images", images, len(errors), "c", "H", "W")
    n_rows = -(-len(errors) // COLUMNS)
    rows, columns = [""] * n_rows, [""] * COLUMNS
    cells = np.full((n_rows * COLUMNS, *images.shape[1:]), np.nan, images.dtype)
    cells[: len(errors)] = images
    names = names_above(class_names, COLUMNS, rows, number="as 0.000")
    words = [f"is {names[error.label]}\nas {names[error.predicted]} {error.probability:.3f}" for error in errors]
    words += [""] * (len(cells) - len(errors))
    table = [words[row * COLUMNS : (row + 1) * COLUMNS] for row in range(n_rows)]
    cells = cells.reshape(n_rows, COLUMNS, *images.shape[1:])
    figure, axes = captioned_images(cells, table, np.zeros((n_rows, COLUMNS), bool), rows, columns)
    axes.set_title(f"Errors that {score_label(score_name)} finds the most certain", fontsize=TITLE, loc="left")
    small_print(figure, ["above: the class, and the class predicted with its probability", f"seed {seed}"])
    return figure


def _draw_reliability(axes: Axes, quality: ScoreQuality) -> None:
    title = f"ECE {with_interval(quality.all.ece)}\nBrier {with_interval(quality.all.brier)}"
    style(axes, x="highest probability", y="share of right predictions", title=title)
    filled = [part for part in quality.reliability if part.n]
    middle = np.array([part.confidence for part in filled])
    value, low, high = with_ends([part.accuracy for part in filled])
    width = 1 / len(quality.reliability)
    share = np.array([part.n for part in filled]) / quality.all.n
    starts = [part.low for part in filled]
    axes.bar(starts, share, width, align="edge", color=PALE, linewidth=0, label="share of all images")
    axes.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="as often as it says")
    axes.vlines(middle, low, high, color=BLUE, linewidth=1.4)
    axes.plot(middle, value, "o", color=BLUE, markersize=4, label="right predictions")
    axes.set(xlim=(0, 1), ylim=(0, 1.03))
    axes.legend(loc="center", bbox_to_anchor=(0.66, 0.27), fontsize=TITLE - 2, frameon=False)  # where no bin lies


def _draw_risk(axes: Axes, quality: ScoreQuality, score_name: str) -> None:
    found = quality.all
    title = f"AURC {with_interval(found.aurc)}\nAUROC of failure {with_interval(found.auroc)}"
    style(axes, x="share of images kept, the most certain first", y="error rate", title=title)
    coverages, rate = np.array(quality.coverages), found.n_errors / found.n
    axes.plot(coverages, quality.risks, color=BLUE, linewidth=1.8, label=score_label(score_name))
    best = np.maximum(coverages - (1 - rate), 0) / coverages
    axes.plot(coverages, best, color=GREEN, linewidth=1.4, label="every error last")
    axes.axhline(rate, color=ORANGE, linewidth=1.4, linestyle="--", label="no order")
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.legend(loc="center left", fontsize=TITLE - 2, frameon=False)
