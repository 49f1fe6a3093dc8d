import math

import pytest
import torch
from scipy.stats import wasserstein_distance

from uqgen.metrics.wasserstein import sliced_wasserstein
from uqgen.settings import SettingError


@pytest.mark.parametrize(("n", "m"), [(50, 50), (50, 73), (12, 48), (1, 9), (301, 300)])
def test_one_dimension_is_that_of_scipy(n, m):
    a, b = torch.randn(n, 1).double(), torch.rand(m, 1).double() * 3
    expected = wasserstein_distance(a[:, 0], b[:, 0])
    assert sliced_wasserstein(a, b, n_projections=3) == pytest.approx(expected, rel=1e-6)


def test_shift_in_the_plane_has_a_closed_form():
    points = torch.randn(20, 2)
    # In the plane the mean of |cos| over all directions is 2 / pi.
    distance = sliced_wasserstein(points, points + torch.tensor([3.0, 4.0]), n_projections=40_000)
    assert distance == pytest.approx(5 * 2 / math.pi, rel=0.01)


def test_shift_in_space_has_a_closed_form():
    points = torch.randn(20, 3)
    # In space the mean of |cos| over all directions is 1 / 2.
    distance = sliced_wasserstein(points, points + torch.tensor([1.0, 2.0, 2.0]), n_projections=40_000)
    assert distance == pytest.approx(3 / 2, rel=0.01)


def test_same_points_in_another_order_have_no_distance():
    points = torch.randn(100, 5)
    assert sliced_wasserstein(points, points.flip(0)) == pytest.approx(0, abs=1e-6)


def test_repeating_every_point_changes_nothing():
    a, b = torch.randn(30, 2), torch.randn(40, 2)
    assert sliced_wasserstein(a, b) == pytest.approx(sliced_wasserstein(a.repeat(3, 1), b), rel=1e-5)


def test_distance_is_symmetric_and_scales_with_the_points():
    a, b = torch.randn(30, 4), torch.rand(41, 4)
    assert sliced_wasserstein(a, b) == pytest.approx(sliced_wasserstein(b, a), rel=1e-5)
    assert sliced_wasserstein(7 * a, 7 * b) == pytest.approx(7 * sliced_wasserstein(a, b), rel=1e-5)


def test_seed_alone_decides():
    a, b = torch.randn(30, 4), torch.randn(30, 4)
    first = sliced_wasserstein(a, b, seed=1)
    torch.rand(3)
    assert sliced_wasserstein(a, b, seed=1) == first
    assert sliced_wasserstein(a, b, seed=2) != first


@pytest.mark.parametrize(("a", "b"), [((5, 2), (5, 3)), ((0, 2), (5, 2)), ((5, 2), (0, 2)), ((5,), (5,))])
def test_sets_that_cannot_be_compared_are_refused(a, b):
    with pytest.raises(ValueError, match="two sets of points"):
        sliced_wasserstein(torch.zeros(a), torch.zeros(b))


def test_settings_out_of_range_are_refused():
    for settings in ({"n_projections": 0}, {"seed": -1}):
        with pytest.raises(SettingError):
            sliced_wasserstein(torch.zeros(3, 2), torch.zeros(3, 2), **settings)
