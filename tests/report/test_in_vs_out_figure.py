from itertools import pairwise

import numpy as np
import pytest

from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.report.score_figures import MAX_DRAWN, InVsOutPanel, in_vs_out_figure
from uqgen.settings import SettingError

EDGES = np.linspace(0.1, 1, 10)


def panel(n, seed=0, low=0.1):
    rng = np.random.default_rng(seed)
    requested = rng.uniform(low, 1, n)
    achieved = np.clip(requested**2 + rng.normal(0, 0.1, n), 0.1, 1)
    agreement = in_vs_out(requested, achieved, edges=EDGES, n_resamples=20)
    return InVsOutPanel("requested uniformly", requested, achieved, agreement)


def rows(*columns):
    return set(zip(*(np.asarray(column).tolist() for column in columns), strict=True))


def labelled(axes, label):
    (artist,) = [artist for artist in (*axes.lines, *axes.collections) if artist.get_label() == label]
    return artist


def test_draws_all_points_when_they_are_few():
    shown = panel(300)
    axes = in_vs_out_figure([shown], "msp", seed=0).axes[0]
    assert rows(*axes.collections[0].get_offsets().T) == rows(shown.requested, shown.achieved)


def test_draws_a_seeded_sample_when_they_are_many():
    shown = panel(MAX_DRAWN + 1000)
    samples = [
        rows(*in_vs_out_figure([shown], "msp", seed=seed).axes[0].collections[0].get_offsets().T) for seed in (0, 0, 1)
    ]
    assert len(samples[0]) == MAX_DRAWN
    assert samples[0] < rows(shown.requested, shown.achieved)
    assert samples[0] == samples[1] != samples[2]


def test_curve_is_that_of_numpy_over_all_points_and_has_a_gap_where_nothing_was_requested():
    shown = panel(MAX_DRAWN + 1000, low=0.3)
    axes = in_vs_out_figure([shown], "msp", seed=0).axes[0]
    bins = [shown.achieved[(shown.requested >= low) & (shown.requested < high)] for low, high in pairwise(EDGES)]
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    assert [len(values) == 0 for values in bins] == [True, True] + 7 * [False]

    for label, statistic in (("median", np.median), ("mean", np.mean)):
        x, y = labelled(axes, label).get_data()
        np.testing.assert_allclose(x, middle)
        np.testing.assert_allclose(y, [np.nan, np.nan] + [statistic(values) for values in bins[2:]])

    corners = labelled(axes, "quartiles").get_paths()[0].vertices
    for x, values in zip(middle[2:], bins[2:], strict=True):
        found = corners[np.isclose(corners[:, 0], x), 1]
        np.testing.assert_allclose((found.min(), found.max()), np.quantile(values, (0.25, 0.75)))


def test_bars_are_the_intervals_of_the_means():
    shown = panel(500)
    axes = in_vs_out_figure([shown], "msp", seed=0).axes[0]
    bars = axes.collections[-1].get_segments()
    wanted = [(point.mean.low, point.mean.high) for point in shown.agreement.curve]
    np.testing.assert_allclose([bar[:, 1] for bar in bars], wanted)


def test_histograms_count_all_points():
    shown = panel(MAX_DRAWN + 1000)
    axes = in_vs_out_figure([shown], "msp", seed=0).axes[0]
    above, beside = axes.child_axes
    across = [bar.get_height() for bar in above.patches]
    along = [bar.get_width() for bar in beside.patches]
    limits = axes.get_xlim()
    np.testing.assert_array_equal(across, np.histogram(shown.requested, 40, limits)[0])
    np.testing.assert_array_equal(along, np.histogram(shown.achieved, 40, limits)[0])
    assert sum(across) == sum(along) == MAX_DRAWN + 1000


def test_panels_share_square_limits_around_the_identity():
    figure = in_vs_out_figure([panel(100, low=0.5), panel(200)], "msp", seed=0)
    left, right = figure.axes
    assert left.get_xlim() == left.get_ylim() == right.get_xlim() == right.get_ylim()
    for axes in (left, right):
        identity = labelled(axes, "achieved = requested")
        assert (identity.get_xy1(), identity.get_slope()) == ((0, 0), 1)
        assert axes.get_aspect() == 1


def test_writes_labels_numbers_and_sizes():
    shown = panel(1200)
    figure = in_vs_out_figure([shown], "msp", seed=5)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("MSP requested", "MSP achieved")
    mae, pearson = np.abs(shown.achieved - shown.requested).mean(), np.corrcoef(shown.requested, shown.achieved)[0, 1]
    first, second = axes.get_title("left").split("\n")
    assert first.startswith(f"MAE {mae:.3f} [{shown.agreement.mae.low:.3f}, ")
    assert second.startswith(f"Pearson {pearson:.3f} [{shown.agreement.pearson.low:.3f}, ")
    assert [text.get_text() for text in axes.texts] == ["requested uniformly"]
    assert figure.get_supxlabel() == "requested uniformly: n = 1,200 · seed 5"


def test_refuses_no_panel_and_scores_that_are_not_those_counted():
    shown = panel(50)
    with pytest.raises(SettingError, match="panels=0: allowed: at least one"):
        in_vs_out_figure([], "msp", seed=0)
    with pytest.raises(SettingError, match=r"requested.shape=\(49,\): allowed: \(50\)"):
        in_vs_out_figure([InVsOutPanel("", shown.requested[1:], shown.achieved, shown.agreement)], "msp", seed=0)
    with pytest.raises(SettingError, match=r"achieved.shape=\(49,\): allowed: \(50\)"):
        in_vs_out_figure([InVsOutPanel("", shown.requested, shown.achieved[1:], shown.agreement)], "msp", seed=0)
