import numpy as np
import pytest

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.cluster_shares import InCluster
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.report.clusters_figure import BinClusters, clusters_figure

ANY = Estimate(1.0, 0.5, 2.0)


def cluster(real: float, generated: float, precision: tuple[float, float] | None = None) -> InCluster:
    return InCluster(ShareRatio(real, generated, ANY), precision and ShareRatio(*precision, ANY))


def test_each_cluster_has_a_row_of_its_images_and_pairs_of_bars():
    images = np.full((2, 3, 1, 8, 8), -1.0)
    images[1] = 1
    bins = [
        BinClusters(0.99, 1.0, images, [cluster(0.9, 0.98, (0.95, 0.6)), cluster(0.1, 0.02)]),
        BinClusters(0.5, 0.99, images, [cluster(0.6, 0.7, (0.9, 0.9)), cluster(0.4, 0.3, (0.8, 0.7))]),
    ]
    shown, bars, precision = clusters_figure(bins, "msp", "texture", seed=3).axes
    sheet = shown.images[0].get_array()
    middles = [10 * row + 4 for row in range(4)]  # of images of 8 pixels with gaps of 2
    assert sheet[middles, 4].tolist() == [0, 1, 0, 1]
    real, generated = bars.containers
    assert [bar.get_width() for bar in real] == [0.9, 0.1, 0.6, 0.4]
    assert [bar.get_width() for bar in generated] == [0.98, 0.02, 0.7, 0.3]
    of_real, of_generated = ([bar.get_width() for bar in pair] for pair in precision.containers)
    np.testing.assert_array_equal(of_real, [0.95, np.nan, 0.9, 0.8])  # nothing is in the second
    np.testing.assert_array_equal(of_generated, [0.6, np.nan, 0.9, 0.7])
    for row, (upper, lower) in enumerate(zip(real, generated, strict=True)):
        both = [bar.get_y() + bar.get_height() / 2 for bar in (upper, lower)]
        assert np.mean(both) == pytest.approx(10 * row + 3.5)
        assert both[0] < both[1]  # the axis of an image points down
    assert shown.get_ylim() == bars.get_ylim()
    assert [label.get_text() for label in shown.get_yticklabels()] == ["0.99–1", "0.5–0.99"]  # noqa: RUF001
    assert [text.get_text() for text in bars.figure.legends[0].get_texts()] == ["real", "generated"]
