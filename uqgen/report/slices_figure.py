"""Slices as pictures: typical generated images beside the real ones that are nearest."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from uqgen.data.labelled import unit_range
from uqgen.explanation.slice_facts import SliceFacts
from uqgen.explanation.slices import Slices
from uqgen.report.captioned_images import captioned_images
from uqgen.report.explanation_tables import kind_of
from uqgen.report.style import INK, TEXT, TITLE, new_figure, score_label, small_print, style
from uqgen.score_texts import score_texts

N_GENERATED, N_REAL = 4, 5  # images in a row


def slices_figure(slices: Slices, real: Tensor, score_name: str, *, within: Sequence[float], seed: int) -> Figure:
    """A slice in each row, of at most ten.

    Args:
        slices: what was found.
        real: uint8 [N, C, H, W], the held-out images.
        score_name: name of the score.
        within: scores of which the range says how many decimals they need.
        seed: of what was generated, for the small print.
    """
    facts = slices.facts[:10]
    if not facts:
        figure = new_figure(height=1.2)
        style(figure.subplots(), title="no slice was found")
        small_print(figure, [f"{slices.n_found_on:,} real images", f"seed {seed}"])
        return figure
    n_columns = N_GENERATED + 1 + N_REAL

    def said(score: float) -> str:
        return score_texts(score, within=within, aligned=True)[0]

    cells = np.full((len(facts), n_columns, *real.shape[1:]), np.nan, np.float32)
    words, marked = [[""] * n_columns for _ in facts], np.zeros((len(facts), n_columns), bool)
    for row, each in enumerate(facts):
        for column, place in enumerate(each.generated[:N_GENERATED]):
            cells[row, column] = unit_range(slices.x[place]).numpy()
            words[row][column] = said(float(slices.score_out[place]))
        for column, image in enumerate(each.nearest[:N_REAL], start=N_GENERATED + 1):
            cells[row, column] = unit_range(real[image.position]).numpy()
            marked[row, column] = image.predicted != image.label
            words[row][column] = said(image.score)
    figure, axes = captioned_images(cells, words, marked, list(map(_row_label, facts)), [""] * n_columns)
    axes.set_title("typical generated images, and real ones", fontsize=TITLE, color=INK, loc="left")
    axes.set_xlabel(f"generated                                        real, {slices.split} split", fontsize=TEXT)
    above = f"above: {score_label(score_name)}; orange: an error"
    confirmed = ["own weakness: judges do better", "hard for all: for the judges, too"]
    kinds = [*(confirmed if _has_judges(slices) else ["confirmed: above all others"]), "hypothesis: not confirmed"]
    small_print(figure, [above, "error rate", *kinds, f"found on {slices.n_found_on:,} others", f"seed {seed}"])
    return figure


def _has_judges(slices: Slices) -> bool:
    return any(each.found.judges for each in slices.facts)


def _row_label(each: SliceFacts) -> str:
    found = each.found
    kind = kind_of(found.is_confirmed, found.is_own, bool(found.judges))
    rate = f"{100 * found.error_rate.value:.0f} %" if found.members else "none"
    return f"{each.number} {kind} {rate}"
