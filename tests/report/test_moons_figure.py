import numpy as np
import pytest

from uqgen.report.realism_figures import moons_figure
from uqgen.settings import SettingError

RNG = np.random.default_rng(0)
REAL_X, REAL_SCORE = RNG.normal(size=(50, 2)), RNG.uniform(0.6, 0.9, 50)
FAKE_X, REQUESTED = RNG.normal(size=(30, 2)) + 3, RNG.uniform(0.5, 1, 30)


def test_draws_the_points_given_coloured_by_their_scores():
    left, right, bar = moons_figure(REAL_X, REAL_SCORE, FAKE_X, REQUESTED, "msp", seed=0).axes
    for axes, x, score in ((left, REAL_X, REAL_SCORE), (right, FAKE_X, REQUESTED)):
        (points,) = axes.collections
        np.testing.assert_array_equal(points.get_offsets(), x)
        np.testing.assert_array_equal(points.get_array(), score)
        assert (points.norm.vmin, points.norm.vmax) == (REQUESTED.min(), REQUESTED.max())
    assert bar.get_ylim() == (REQUESTED.min(), REQUESTED.max())


def test_both_panels_show_the_same_part_of_the_plane_undistorted():
    left, right, _ = moons_figure(REAL_X, REAL_SCORE, FAKE_X, REQUESTED, "msp", seed=0).axes
    everywhere = np.concatenate([REAL_X, FAKE_X])
    for axes in (left, right):
        assert axes.get_aspect() == 1
        for (low, high), values in zip((axes.get_xlim(), axes.get_ylim()), everywhere.T, strict=True):
            assert low < values.min() < values.max() < high
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()


def test_says_what_is_shown():
    figure = moons_figure(REAL_X, REAL_SCORE, FAKE_X, REQUESTED, "msp", seed=7)
    left, right, bar = figure.axes
    assert (left.get_xlabel(), left.get_ylabel(), right.get_xlabel()) == ("x₁", "x₂", "x₁")
    assert left.get_title("left") == "Real points, by their score"
    assert right.get_title("left") == "Generated points, by score requested"
    assert bar.get_ylabel() == "MSP"
    assert figure.get_supxlabel() == "50 real points · 30 generated points · seed 7"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((REAL_X[:, :1], REAL_SCORE, FAKE_X, REQUESTED), "real_x.shape"),
        ((REAL_X, REAL_SCORE[1:], FAKE_X, REQUESTED), "real_score.shape"),
        ((REAL_X, REAL_SCORE, FAKE_X[:0], REQUESTED[:0]), "fake_x.shape"),
        ((REAL_X, REAL_SCORE, FAKE_X, REQUESTED[:, None]), "requested.shape"),
    ],
)
def test_refuses_other_shapes(arguments, name):
    with pytest.raises(SettingError) as refusal:
        moons_figure(*arguments, "msp", seed=0)
    assert refusal.value.name == name
