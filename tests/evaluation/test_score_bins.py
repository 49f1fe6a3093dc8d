import numpy as np
import pytest
import torch

from uqgen.evaluation.score_bins import score_bins
from uqgen.scores import get_score


def uniform(low: float, high: float) -> torch.Tensor:
    return torch.linspace(low, high, 10_001)


def test_the_bins_of_msp_end_at_099():
    bins = score_bins(get_score("msp"), (0.3, 1.0), uniform(0.1, 1))
    assert bins.edges == (0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
    assert bins.bounds[bins.certain] == (0.99, 1.0)
    assert score_bins(get_score("msp"), (0.5, 1.0), uniform(0.5, 1)).edges == (0.5, 0.7, 0.9, 0.99, 1.0)


def test_each_score_is_in_the_bin_that_holds_it_or_in_none():
    bins = score_bins(get_score("msp"), (0.3, 1.0), uniform(0.1, 1))
    scores = torch.tensor([0.29, 0.3, 0.4999, 0.5, 0.989, 0.99, 1.0, 1.1])
    assert bins.of(scores).tolist() == [-1, 0, 0, 1, 3, 4, 4, -1]


def test_where_high_is_uncertain_the_certain_end_is_the_lowest():
    bins = score_bins(get_score("entropy"), (0.0, 2.0), torch.zeros(100))
    assert (bins.certain, bins.edges[0]) == (0, 0.0)
    assert bins.edges[1:] == pytest.approx((0.02, 0.515, 1.01, 1.505, 2.0))  # a hundredth, then four equal bins


def test_the_certain_end_reaches_to_a_tenth_of_the_images_where_the_hundredth_holds_fewer():
    bins = score_bins(get_score("margin"), (0.0, 1.0), uniform(0, 1))
    assert bins.certain == len(bins) - 1
    np.testing.assert_allclose(bins.edges, [0, 0.225, 0.45, 0.675, 0.9, 1], atol=1e-4)
    held = bins.of(uniform(0, 1)) == bins.certain
    assert held.float().mean() == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize(("name", "certain"), [("margin", 4), ("entropy", 0)])
def test_where_no_real_image_is_in_the_range_the_certain_end_is_its_hundredth(name, certain):
    bins = score_bins(get_score(name), (0.0, 1.0), torch.full((100,), 2.0))
    assert bins.certain == certain
    low, high = bins.bounds[certain]
    assert high - low == pytest.approx(0.01)


def test_real_images_beyond_the_range_requested_have_no_say():
    real = torch.cat([uniform(0.5, 0.8), torch.ones(10_000)])
    bins = score_bins(get_score("msp"), (0.5, 0.8), real)
    assert bins.edges[-2] == pytest.approx(0.77, abs=1e-3)
