import numpy as np
import pytest
import torch
from scipy import stats

from uqgen.evaluation.matched import match_scores


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("n_real", "n_nearest"), [(1, 5), (3, 5), (8, 5), (100, 1), (100, 5), (101, 7)])
def test_every_one_drawn_is_among_the_nearest(n_real, n_nearest):
    real, requested = torch.rand(n_real, generator=rng(1)), torch.rand(500, generator=rng(2)) * 1.4 - 0.2
    found = match_scores(requested, real, rng(), n_nearest)
    distance = (requested[:, None] - real).abs()
    farthest = distance.sort(dim=1).values[:, min(n_nearest, n_real) - 1]
    own = (requested - real[found.index]).abs()
    assert (own <= farthest).all()
    assert found.gap == pytest.approx(own.mean().item())


def test_all_the_nearest_are_drawn_equally_often():
    real, requested = torch.linspace(0, 1, 101), torch.full((10_000,), 0.5)
    index = match_scores(requested, real, rng(), 5).index
    assert sorted(set(index.tolist())) == [48, 49, 50, 51, 52]
    assert stats.chisquare(np.bincount(index)[48:53]).pvalue > 0.001


@pytest.mark.parametrize("requested", [1.0, 0.999])
def test_of_many_equal_scores_every_image_can_be_drawn(requested):
    real = torch.cat([torch.rand(50, generator=rng(1)) * 0.5, torch.ones(40)])
    drawn = set(match_scores(torch.full((20_000,), requested), real, rng()).index.tolist())
    assert drawn <= set(range(50, 90))
    assert drawn == set(range(50, 90)) or requested < 1


def test_the_generator_alone_decides():
    real, requested = torch.rand(1_000), torch.rand(200)
    first, again, other = (match_scores(requested, real, rng(seed)).index for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
