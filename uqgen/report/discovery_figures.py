"""Discovered attributes: what each does to images, and how many of them it takes."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uqgen.data.labelled import unit_range
from uqgen.explanation.discovery.discovered import Discovered
from uqgen.explanation.discovery.discovery import Discovery
from uqgen.explanation.discovery.subjects import STEP
from uqgen.explanation.discovery.viewers import MOVED
from uqgen.metrics.bootstrap import Array, Estimate
from uqgen.metrics.plain import as_plain
from uqgen.report.arrays import with_ends
from uqgen.report.captioned_images import captioned_images, names_above
from uqgen.report.explanation_tables import name_of
from uqgen.report.style import (
    BLUE,
    GREY,
    INK,
    TEXT,
    TITLE,
    new_figure,
    score_label,
    small_print,
    style,
)
from uqgen.report.sweep_figures import DIFFERENCES
from uqgen.score_texts import score_texts

N_EXAMPLES = 8  # images of a figure: the first that were measured
_ROWS = ("less", "as is", "more", "more - less")
_MEAN = "all"  # of the last column


def attribute_figure(
    attribute: Discovered,
    number: int,
    class_names: Sequence[str],
    score_name: str,
    *,
    within: Sequence[float],
    seed: int,
) -> Figure:
    """Images with less of an attribute, as they are, and with more; below them, the difference of more from less.

    The last column shows where it acts: the mean absolute difference of all images, as a share of its maximum. A
    prediction other than that of the image as it is is set in orange and bold.

    Args:
        attribute: what was discovered.
        number: which it is, from 1.
        class_names: K names.
        score_name: name of the score.
        within: scores of which the range says how many decimals they need.
        seed: of the images, for the small print.
    """
    steps = attribute.steps
    n = min(N_EXAMPLES, len(steps.x))
    x = unit_range(steps.x[:n]).transpose(0, 1).numpy()
    difference = (x[2] - x[0]).mean(axis=1) / 2
    peak = float(attribute.map.max())
    where = attribute.map.numpy() / max(peak, 1e-6)
    images = np.full((4, n + 1, 3, *x.shape[-2:]), np.nan)
    images[:3, :n] = x
    images[3, :n], images[3, n] = _coloured(difference), _coloured(where)
    scores, judged = (
        np.reshape(score_texts(each[:n].T, within=within, aligned=True), (3, n))
        for each in (steps.score, _judged(attribute))
    )
    names = names_above(class_names, n + 1, _ROWS, f" {max(scores.flat, key=len)}")
    said = zip(steps.predicted[:n].T.tolist(), scores, judged, strict=True)
    words = [
        [*(f"{names[guess]} {score}\n({other})" for guess, score, other in zip(*row, strict=True)), ""] for row in said
    ]
    words.append([""] * (n + 1))
    marked = np.zeros((4, n + 1), bool)
    marked[:3, :n] = (steps.predicted[:n] != steps.predicted[:n, 1:2]).T.numpy()
    figure, axes = captioned_images(images, words, marked, _ROWS, [*[""] * n, _MEAN])
    axes.set_title(attribute_title(attribute, number), fontsize=TITLE, color=INK, loc="left")
    above = f"above: class predicted, {score_label(score_name)}, and in brackets the judges' mean"
    parts = [above, "orange: another class than as it is", f"step: {STEP:g} standard deviations among like images"]
    mean = f"all: where it acts, mean of {len(steps.x)} images, at most {peak:.2f}"
    small_print(figure, [*parts, "red: more is brighter", mean, "images not selected", f"seed {seed}"])
    return figure


def attribute_title(attribute: Discovered, number: int) -> str:
    """What is said of an attribute in one line."""
    return f"{number}: {name_of(as_plain(attribute.results()))}; moves {_percent(attribute.effects.moved)} of images"


def discovery_figure(discovery: Discovery, score_name: str, *, high_means: str, seed: int) -> Figure:
    """The share of images that each attribute moves, and how many of those that are sure the first k make unsure.

    Args:
        discovery: what was discovered.
        score_name: name of the score.
        high_means: "confident" or "uncertain", of the score.
        seed: for the small print.
    """
    enough, n = discovery.sufficiency, len(discovery.attributes)
    figure = new_figure(height=2.9)
    left, right = figure.subplots(1, 2)
    (level,) = score_texts(enough.level, within=[0, discovery.moved_by / MOVED])
    label, sign = score_label(score_name), "below" if high_means == "confident" else "above"
    style(
        left,
        x="discovered attribute",
        y="share of images",
        title=f"{label} changed by {discovery.moved_by:.2g} or more",
    )
    style(right, x="attributes changed", y="share of sure images", title=f"{label} {sign} {level}")
    places = list(range(1, n + 1))
    _draw(left, places, [each.effects.moved for each in discovery.attributes], BLUE, "o", "", line=False)
    if enough.shares:
        _draw(right, places, enough.shares, BLUE, "o", "discovered attributes")
        _draw(right, places, enough.by_chance, GREY, "s", "as many channels at random")
        right.legend(fontsize=TEXT - 1, frameon=False)
    for axes in (left, right):
        axes.set_xticks(places)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0.5, max(n, 1) + 0.5)
    sizes = f"{discovery.n_images} images, of which {enough.n} are sure as they are"
    small_print(figure, ["bars: 95 % intervals", sizes, f"seed {seed}"])
    return figure


def _judged(attribute: Discovered) -> torch.Tensor:
    """Mean of the judges' scores, float32 [N, 3]; the target's where there is no judge."""
    judges = list(attribute.steps.judges.values())
    return torch.stack(judges).mean(dim=0) if judges else attribute.steps.score


def _coloured(values: Array) -> Array:
    """Values [..., H, W] in [-1, 1] as images [..., 3, H, W] in [-1, 1]."""
    return np.moveaxis(2 * DIFFERENCES((values + 1) / 2)[..., :3] - 1, -1, -3)


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.0f} % [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def _draw(
    axes: Axes,
    places: Sequence[int],
    estimates: Sequence[Estimate],
    colour: str,
    marker: str,
    label: str,
    line: bool = True,
) -> None:
    value, low, high = with_ends(estimates)
    axes.vlines(places, low, high, color=colour, linewidth=1.6)
    axes.plot(places, value, marker=marker, linestyle="-" if line else "", color=colour, markersize=5, label=label)
