import numpy as np
import pytest

from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.report.score_figures import JudgeRow, judges_figure
from uqgen.settings import SettingError


def agreement(noise, n):
    rng = np.random.default_rng(0)
    requested = rng.uniform(0.1, 1, n)
    return in_vs_out(requested, requested + rng.normal(0, noise, n), edges=[0, 1], n_resamples=50)


ROWS = [
    JudgeRow("wide CNN", agreement(0.2, 200), agreement(0.1, 1000)),
    JudgeRow("MLP", agreement(0.9, 200), agreement(0.3, 1000)),
]


@pytest.mark.parametrize(("panel", "metric"), [(0, "pearson"), (1, "mae")])
def test_dots_and_bars_are_the_estimates_of_each_judge_from_top_to_bottom(panel, metric):
    figure = judges_figure(ROWS, seed=0)
    axes = figure.axes[panel]
    for line, bars, side in zip(axes.lines, axes.collections, ("real", "generated"), strict=True):
        assert line.get_label().startswith(side)
        wanted = [getattr(getattr(row, side), metric) for row in ROWS]
        np.testing.assert_array_equal(line.get_xdata(), [estimate.value for estimate in wanted])
        ends = [segment[:, 0] for segment in bars.get_segments()]
        np.testing.assert_array_equal(ends, [(estimate.low, estimate.high) for estimate in wanted])
        np.testing.assert_array_equal(np.round(line.get_ydata()), [0, 1])
    assert figure.axes[0].get_ylim() == (1.5, -0.5)


def test_scales_begin_at_nothing_so_that_distances_are_not_exaggerated():
    left, right = judges_figure(ROWS, seed=0).axes
    assert left.get_xlim() == (0, 1)
    assert right.get_xlim()[0] == 0


def test_says_what_is_shown():
    figure = judges_figure(ROWS, seed=9)
    left, right = figure.axes
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["wide CNN", "MLP"]
    assert "Pearson" in left.get_xlabel()
    assert "mean absolute error" in right.get_xlabel()
    assert figure.get_supxlabel() == "bars: 95 % intervals · generated: n = 200 · real: n = 1,000 · seed 9"


def test_refuses_no_judge():
    with pytest.raises(SettingError, match="rows=0: allowed: at least one"):
        judges_figure([], seed=0)
