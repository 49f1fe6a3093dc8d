"""Clusters of real images by how they look: some of each, how many generated images are like them, and how alike."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from uqgen.metrics.cluster_shares import InCluster
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.report.image_figures import GAP, centres, checked_images, draw_sheet, sheet_of
from uqgen.report.style import BLUE, PALE, SOFT, interval_label, legend, new_figure, score_label, small_print, style

_WIDEST, _BARS, _LABELS = 0.4, 1.7, 0.9  # inches, of an image, of the bars, and of what is written beside the images


class BinClusters(NamedTuple):
    """The clusters of one bin of scores, and what they look like.

    Attributes:
        low, high: edges of the bin.
        images: float [k, n, 1 or 3, H, W] in [-1, 1], typical real images of each cluster.
        clusters: k clusters.
    """

    low: float
    high: float
    images: ArrayLike
    clusters: Sequence[InCluster]


def clusters_figure(bins: Sequence[BinClusters], score_name: str, looks: str, *, seed: int) -> Figure:
    """A row for each cluster of the real images of a bin: some of them, the share of images in it, their precision.

    Args:
        bins: from above, with as many images of each cluster.
        score_name: name of the score, such as `msp`.
        looks: in what the images of a cluster are alike, for the small print.
        seed: of the evaluation, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    sheet = sheet_of(np.concatenate([checked_images(part.images) for part in bins]))
    clusters = [cluster for part in bins for cluster in part.clusters]
    height = np.shape(bins[0].images)[3]
    width = _WIDEST * np.shape(bins[0].images)[1]
    figure = new_figure(height=width * sheet.shape[1] / sheet.shape[2] + 0.9, width=width + 2 * _BARS + _LABELS)
    left, *panels = figure.subplots(1, 3, width_ratios=(width, _BARS, _BARS), sharey=True)
    style(left, y=f"{score_label(score_name)}", title="Real images")
    draw_sheet(left, sheet)
    places, first = centres(len(clusters), height), np.cumsum([0, *(len(part.clusters) for part in bins)])[:-1]
    left.set_yticks(places[first], [interval_label(part.low, part.high) for part in bins])
    style(panels[0], x="share of the images", title="Size of the cluster")
    style(panels[1], x="share within the real ones", title="Precision in it")
    _draw_pairs(panels[0], [each.share for each in clusters], places, 0.38 * height)
    _draw_pairs(panels[1], [each.precision for each in clusters], places, 0.38 * height)
    for panel in panels:
        for place in places[first[1:]]:
            panel.axhline(place - (height + GAP) / 2, color=PALE, linewidth=1)
    legend(figure, panels[0])
    small_print(figure, [f"clusters of the real images of each part of the range, by their {looks}", f"seed {seed}"])
    return figure


def _draw_pairs(axes: Axes, found: Sequence[ShareRatio | None], places: NDArray[np.float64], bar: float) -> None:
    """A bar of real images above one of generated ones at each place."""
    for shift, colour, side in ((-bar / 2, SOFT, "real"), (bar / 2, BLUE, "generated")):
        shares = [np.nan if each is None else getattr(each, side) for each in found]
        axes.barh(places + shift, shares, bar, color=colour, label=side)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
