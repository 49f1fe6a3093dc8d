"""Whether independent judges see the uncertainty that was asked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.report.style import INK, TEXT, VERMILLION, legend, new_figure, small_print, style
from uqgen.settings import require


@dataclass(frozen=True)
class JudgeRow:
    """What one judge says.

    Attributes:
        judge: name of the judge.
        generated: the scores asked of the generator against the scores the judge gives what was generated.
        real: the scores the target gives real data against those the judge gives them: the most that can be
            asked of the generator.
    """

    judge: str
    generated: InVsOut
    real: InVsOut


def judges_figure(rows: Sequence[JudgeRow], *, seed: int) -> Figure:
    """Pearson correlation and mean absolute error of each judge, on generated data beside real data.

    Bars are 95 % intervals.

    Args:
        rows: one per judge, drawn from top to bottom.
        seed: seed of what was generated, for the small print.

    Raises:
        SettingError: there is no judge.
    """
    require(len(rows) > 0, "rows", len(rows), "at least one")
    generated, real = [row.generated for row in rows], [row.real for row in rows]
    figure = new_figure(height=0.4 * len(rows) + 1.2)
    left, right = figure.subplots(1, 2, sharey=True)
    style(left, x="Pearson correlation (higher is better)")
    style(right, x="mean absolute error (lower is better)")
    _draw_dots(left, [part.pearson for part in generated], [part.pearson for part in real])
    _draw_dots(right, [part.mae for part in generated], [part.mae for part in real])
    left.set_xlim(min(0, left.get_xlim()[0]), 1)
    right.set_xlim(left=0)
    right.locator_params(axis="x", nbins=5)
    for axes in (left, right):
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0, labelsize=TEXT)
    left.set_yticks(range(len(rows)), [row.judge for row in rows])
    left.set_ylim(len(rows) - 0.5, -0.5)
    legend(figure, left)
    sizes = [f"generated: n = {_sizes(generated)}", f"real: n = {_sizes(real)}"]
    small_print(figure, ["bars: 95 % intervals", *sizes, f"seed {seed}"])
    return figure


def _sizes(parts: Sequence[InVsOut]) -> str:
    return " or ".join(f"{n:,}" for n in sorted({part.n for part in parts}))


def _draw_dots(axes: Axes, generated: Sequence[Estimate], real: Sequence[Estimate]) -> None:
    places = np.arange(len(real))
    for estimates, colour, marker, shift, label in (
        (real, INK, "D", -0.1, "real: target against judge"),
        (generated, VERMILLION, "o", 0.1, "generated: asked against judge"),
    ):
        value, low, high = np.array([(estimate.value, estimate.low, estimate.high) for estimate in estimates]).T
        axes.hlines(places + shift, low, high, color=colour, linewidth=1.6)
        axes.plot(value, places + shift, marker, color=colour, markersize=5, label=label)
