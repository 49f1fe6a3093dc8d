"""What a run comes to, in one picture: generated beside real images from certain to uncertain, and in vs. out."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.report.arrays import shaped
from uqgen.report.image_figures import centres, checked_images, draw_sheet, sheet_of
from uqgen.report.score_figures import InVsOutPanel, draw_in_vs_out
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.style import NAME_WIDTH, TEXT, new_figure, padded_limits, score_label, small_print, style
from uqgen.score_texts import score_texts

_HEIGHT = 2.9  # inches


def overview_figure(
    generated: ArrayLike,
    real: ArrayLike,
    column_scores: ArrayLike,
    classes: ShownClasses,
    panel: InVsOutPanel,
    score_name: str,
    *,
    seed: int,
) -> Figure:
    """Generated images at the left, real ones of the same classes and scores in the middle, in vs. out at the right.

    Args:
        generated: float [R, C, 1 or 3, H, W] in [-1, 1]; each row has one noise.
        real: the same of real images.
        column_scores: float [C], the score of each column.
        classes: R of K classes, one a row.
        panel: of in vs. out.
        score_name: name of the score, such as `msp`.
        seed: of the noise, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    sides = [checked_images(side) for side in (generated, real)]
    n_rows, n_columns, _, height, width = sides[0].shape
    column_scores, label = shaped("column_scores", column_scores, n_columns), score_label(score_name)
    figure = new_figure(height=_HEIGHT)
    left, middle, right = figure.subplots(1, 3, width_ratios=[4, 4, 3])
    for axes, images, title in ((left, sides[0], "generated"), (middle, sides[1], "real")):
        style(axes, x=f"{label}{' requested' if axes is left else ''}", title=title)
        draw_sheet(axes, sheet_of(images), TEXT - 1)
        ends = [0, n_columns // 2, n_columns - 1]
        axes.set_xticks(centres(n_columns, width)[ends], score_texts(column_scores[ends]))
    left.set_yticks(centres(n_rows, height), classes.fitted(NAME_WIDTH, TEXT))
    style(right, x="requested", y="achieved", title="in vs. out")
    limits = padded_limits(np.concatenate([np.ravel(panel.requested), np.ravel(panel.achieved)]))
    right.set(xlim=limits, ylim=limits, aspect="equal")
    draw_in_vs_out(right, panel, seed)
    notes = ["one noise per row", "real images of the nearest scores", *classes.note]
    marks = "dots: images; diamonds: means; line: medians; dashed: achieved = requested"
    small_print(figure, [*notes, f"{panel.protocol}, n = {panel.agreement.n:,}; {marks}", f"seed {seed}"])
    return figure
