"""How scores are distributed over real and over generated data."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.report.arrays import shaped
from uqgen.report.style import BLUE, SOFT, legend, new_figure, score_label, small_print, style

_N_BINS = 50


def distribution_figure(real: ArrayLike, fake: ArrayLike, score_name: str, *, seed: int) -> Figure:
    """Histograms of the scores the classifier gives real data and generated data.

    Each bar is a share of its own data, so that sets of different sizes compare; the axis is logarithmic, since low
    scores are rare.

    Args:
        real: float [N], scores of real data.
        fake: float [M], scores obtained by generated data.
        score_name: name of the score, such as `msp`.
        seed: seed of what was generated, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    real, fake = shaped("real", real, "N"), shaped("fake", fake, "M")
    figure = new_figure(height=3, width=6)
    axes = figure.subplots()
    style(axes, x=f"{score_label(score_name)} obtained", y="share of all, per bin")
    everything = np.concatenate([real, fake])
    reach = (everything.min(), everything.max())
    of_real, of_fake = np.full(len(real), 1 / len(real)), np.full(len(fake), 1 / len(fake))
    axes.hist(real, _N_BINS, range=reach, weights=of_real, color=SOFT, label="real")
    axes.hist(
        fake, _N_BINS, range=reach, weights=of_fake, color=BLUE, histtype="step", linewidth=1.6, label="generated"
    )
    axes.set_yscale("log")
    axes.margins(x=0)
    legend(figure, axes)
    small_print(figure, [f"{len(real):,} real", f"{len(fake):,} generated", f"seed {seed}"])
    return figure
