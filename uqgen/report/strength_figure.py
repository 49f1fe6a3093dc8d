"""What guidance buys and what it costs, over its strength."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from uqgen.evaluation.measurements import AtStrength
from uqgen.report.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, legend, new_figure, small_print, style

SHARES = {"precision": ORANGE, "recall": GREEN, "coverage": VERMILLION}


def strength_figure(parts: Sequence[AtStrength], judges_on_real: float, *, seed: int) -> Figure:
    """Score error over the strength of guidance, beside what the pictures and the judges say.

    Args:
        parts: by strength, two or more.
        judges_on_real: mean Pearson correlation that the judges have on real images of the scores requested; NaN where
            there is none.
        seed: of the evaluation, for the small print.
    """
    figure = new_figure(height=3.2)
    left, right = figure.subplots(1, 2)
    strengths = [part.strength for part in parts]
    style(left, x="strength of guidance", y="mean absolute error", title="requested against achieved")
    error = np.array([[part.in_vs_out.mae.value, part.in_vs_out.mae.low, part.in_vs_out.mae.high] for part in parts])
    left.plot(strengths, error[:, 0], color=BLUE, marker="o", label="score error")
    left.fill_between(strengths, error[:, 1], error[:, 2], color=BLUE, alpha=0.2, linewidth=0)
    left.set_ylim(bottom=0)
    style(right, x="strength of guidance", y="share of real images'", title="pictures and judges")
    for name, colour in SHARES.items():
        right.plot(strengths, [_share(part, name) for part in parts], color=colour, marker="o", label=name)
    if parts[0].judges:
        judged = np.array([[judge.pearson.value for judge in part.judges.values()] for part in parts]).mean(axis=1)
        right.plot(strengths, judged / judges_on_real, color=PURPLE, marker="s", label="judges' correlation")
    right.axhline(1, color="black", linewidth=0.8, linestyle="--")
    right.set_ylim(0, 1.05 * right.get_ylim()[1])
    legend(figure, right)
    small_print(figure, [f"n = {parts[0].in_vs_out.n:,} under each strength", f"seed {seed}"])
    return figure


def _share(part: AtStrength, name: str) -> float:
    """A measure of the overlap as share of its floor; NaN where it was not measured."""
    mean = None if part.manifold is None else part.manifold.mean
    return np.nan if mean is None else getattr(mean, name).ratio
