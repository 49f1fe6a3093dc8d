"""What all figures share: sizes, colours, axes.

Everything is set on the artists themselves. Neither pyplot nor matplotlib's settings, which belong to the whole
process, are touched, so that figures can be made without a display and in several threads.
"""

import math
from collections.abc import Iterable
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.report.names import family_with
from uqgen.score_texts import score_texts

# Inches: the width of a report's column on a screen (96 pixels an inch), and hardly shrunk on A4.
WIDTH = 8.0
NAME_WIDTH = 1.1  # inches, of a class's name beside a row
# Points.
TITLE, TEXT, SMALL_PRINT = 10, 9, 7

# Okabe and Ito (2008), "Color universal design": distinct with every kind of colour vision.
BLUE, ORANGE, VERMILLION, GREEN, PURPLE = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7"
INK, GREY, SOFT, PALE = "#222222", "#666666", "#A6A6A6", "#E4E4E4"

# Viridis without its brightest end, which is lost on white paper.
SCORE_COLOURS: Colormap = LinearSegmentedColormap.from_list("score", colormaps["viridis"](np.linspace(0, 0.9, 256)))

_SCORE_LABELS = {
    "msp": "MSP",
    "msp_calibrated": "calibrated MSP",
    "entropy": "entropy (nats)",
    "energy": "energy (nats)",
    "mutual_information": "mutual information (nats)",
    "expected_entropy": "expected entropy (nats)",
    "true_class": "true-class probability",
}


def score_label(name: str) -> str:
    """How a score is written on an axis, with its unit where it has one: `msp` becomes `MSP`."""
    return _SCORE_LABELS.get(name, name.replace("_", " "))


class _FigureOfAnyScript(Figure):
    """A figure that draws signs which its font lacks in other installed fonts."""

    def draw(self, renderer: RendererBase) -> None:
        for text in self.findobj(Text):
            own = text.get_fontfamily()
            others = {family_with(sign) or "" for sign in text.get_text() if not sign.isspace()} - {"", *own}
            if others:
                text.set_fontfamily([*own, *sorted(others)])
        super().draw(renderer)


def interval_text(low: float, high: float) -> str:
    """A part of the range of scores, in a sentence."""
    return " to ".join(score_texts([low, high], aligned=True))


def interval_label(low: float, high: float) -> str:
    """A part of the range of scores, for an axis."""
    return "–".join(score_texts([low, high]))  # noqa: RUF001


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty white figure of that many inches, whose parts are laid out so that nothing overlaps."""
    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
    return _FigureOfAnyScript(figsize=(width, height), facecolor="white", layout=layout)


def style(axes: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Gives axes their labels and title, and the looks that all axes share."""
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    axes.set_title(title, fontsize=TITLE, color=INK, loc="left")
    axes.tick_params(which="both", labelsize=TEXT - 1, color=GREY, labelcolor=INK)
    axes.tick_params(length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def small_print(figure: Figure, parts: Iterable[str]) -> None:
    """Writes sample sizes, seed and the like under a figure, in as many lines as its width asks for."""
    letters = int(figure.get_figwidth() * 72 / (0.58 * SMALL_PRINT))
    whole = [part.replace(" ", "\0") if len(part) < letters / 2 else part for part in parts]  # stays in one line
    text = fill(" · ".join(whole), letters).replace("\0", " ")
    figure.supxlabel(text, fontsize=SMALL_PRINT, color=GREY, x=0.99, ha="right", multialignment="right")


def legend(figure: Figure, axes: Axes) -> None:
    """Writes what the artists of these axes mean in one line above the figure."""
    handles, labels = axes.get_legend_handles_labels()
    place: Any = "outside upper left"  # matplotlib's type stubs do not know it
    figure.legend(handles, labels, loc=place, ncols=len(labels), fontsize=TEXT - 1, frameon=False, columnspacing=1.4)


def padded_limits(values: Array) -> tuple[float, float]:
    """The lowest and the highest value, and on both sides a margin of 3 % of what lies between."""
    low, high = float(np.min(values)), float(np.max(values))
    margin = 0.03 * (high - low) or 0.5
    return low - margin, high + margin


def with_interval(estimate: Estimate) -> str:
    """A number and its 95 % interval, `0.812 [0.803, 0.821]`, to two digits where three decimals would leave little.

    What is below a millionth throughout is a rounded zero.

    `undefined` where it is NaN.
    """
    if math.isnan(estimate.value):
        return "undefined"
    ends = [abs(end) for end in (estimate.value, estimate.low, estimate.high) if not math.isnan(end)]
    places = "#.2g" if 1e-6 < max(ends) < 0.01 else ".3f"
    interval = "" if math.isnan(estimate.low) else f" [{estimate.low:{places}}, {estimate.high:{places}}]"
    return f"{estimate.value:{places}}{interval}"
