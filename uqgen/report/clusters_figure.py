"""The clusters of real images by their texture: what they look like, and how many generated images each holds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from uqgen.metrics.share_ratio import ShareRatio
from uqgen.report.image_figures import GAP, centres, checked_images, draw_sheet, sheet_of
from uqgen.report.style import BLUE, PALE, SOFT, interval_label, legend, new_figure, score_label, small_print, style

_WIDEST, _BARS, _LABELS = 0.4, 3.0, 0.9  # inches, of an image, of the bars, and of what is written beside the images


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
    clusters: Sequence[ShareRatio]


def clusters_figure(bins: Sequence[BinClusters], score_name: str, *, seed: int) -> Figure:
    """A row for each cluster of the real images of a bin: some of them, and what share of the images are like them.

    Args:
        bins: from above, with as many images of each cluster.
        score_name: name of the score, such as `msp`.
        seed: of the evaluation, for the small print.

    Raises:
        SettingError: an array has another shape.
    """
    sheet = sheet_of(np.concatenate([checked_images(part.images) for part in bins]))
    clusters = [cluster for part in bins for cluster in part.clusters]
    height = np.shape(bins[0].images)[3]
    width = _WIDEST * np.shape(bins[0].images)[1]
    figure = new_figure(height=width * sheet.shape[1] / sheet.shape[2] + 0.9, width=width + _BARS + _LABELS)
    left, right = figure.subplots(1, 2, width_ratios=(width, _BARS), sharey=True)
    style(left, y=f"{score_label(score_name)}", title="Real images")
    draw_sheet(left, sheet)
    style(right, x="share of the images", title="Size of the cluster")
    places, bar = centres(len(clusters), height), 0.38 * height
    for shift, colour, side in ((-bar / 2, SOFT, "real"), (bar / 2, BLUE, "generated")):
        shares = [getattr(cluster, side) for cluster in clusters]
        right.barh(places + shift, shares, bar, color=colour, label=side)
    right.tick_params(axis="y", length=0)
    right.grid(visible=False, axis="y")
    first = np.cumsum([0, *(len(part.clusters) for part in bins)])[:-1]
    left.set_yticks(places[first], [interval_label(part.low, part.high) for part in bins])
    for place in places[first[1:]]:
        right.axhline(place - (height + GAP) / 2, color=PALE, linewidth=1)
    legend(figure, right)
    small_print(figure, ["clusters of the real images of each part of the range, by their texture", f"seed {seed}"])
    return figure
