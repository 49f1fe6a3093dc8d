import numpy as np
import pytest

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.overlap import Overlap
from uqgen.report.realism_figures import MOST_CLASSES, manifold_figure


def overlap(value: float) -> Overlap:
    return Overlap(*(Estimate(value * part, 0, 1) for part in (1, 0.5, 1, 0.8)))


def cell(value: float | None) -> InCell:
    return InCell(500, 100, 0) if value is None else InCell(500, 100, 200, overlap(value), overlap(1.0))


def manifold(n_classes: int = 2) -> Manifold:
    classes = {f"class {number}": cell((number + 1) / n_classes) for number in range(n_classes)}
    certain = InBin(0.99, 1.0, None, classes)
    below = InBin(0.5, 0.99, None, {**classes, "class 0": cell(None)})
    return Manifold(5, certain, (below,), None, None)


def test_each_panel_shows_shares_of_the_floor_by_class_and_score():
    coverage, recall, precision = manifold_figure(manifold(), {}, "msp", seed=3).axes
    for axes in (coverage, recall, precision):
        np.testing.assert_allclose(axes.images[0].get_array(), [[np.nan, 0.5], [1.0, 1.0]])
    assert [text.get_text() for text in coverage.texts] == ["0.50", "1.00", "1.00"]
    assert [tick.get_text() for tick in coverage.get_xticklabels()] == ["0.5–0.99", "0.99–1"]  # noqa: RUF001
    assert [tick.get_text() for tick in coverage.get_yticklabels()] == ["class 0", "class 1"]


@pytest.mark.parametrize("n_classes", [40])
def test_of_many_classes_those_least_covered_are_shown(n_classes):
    figure = manifold_figure(manifold(n_classes), {}, "msp", seed=3)
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert f"{MOST_CLASSES} of {n_classes} classes: those with the least coverage" in figure.get_supxlabel()
    assert names == [f"class {number}" for number in range(MOST_CLASSES)]
