import math

import pytest
import torch

from uqgen.metrics.by_score import Scored, distance_by_score
from uqgen.metrics.fidelity import frechet_distance
from uqgen.metrics.wasserstein import sliced_wasserstein


def rng():
    return torch.Generator().manual_seed(0)


def mean_gap(a, b):
    return float((a.mean(dim=0) - b.mean(dim=0)).norm())


def scored(n_of_bin, value_of_bin):
    """Sets of one feature, one value a bin of [0, 1]."""
    score = torch.cat([(i + torch.rand(n)) / len(n_of_bin) for i, n in enumerate(n_of_bin)])
    features = torch.cat([torch.full((n, 1), float(v)) for n, v in zip(n_of_bin, value_of_bin, strict=True)])
    order = torch.randperm(len(score))
    return Scored(features.double()[order], score[order])


def test_each_bin_compares_its_own_images():
    train, real = scored([300] * 4, [0, 10, 20, 30]), scored([250] * 4, [1, 11, 21, 31])
    found = distance_by_score(scored([260] * 4, [2, 13, 24, 35]), real, train, (0, 1), mean_gap, rng())
    assert [part.distance for part in found.bins] == pytest.approx([2, 3, 4, 5])
    assert [part.floor for part in found.bins] == pytest.approx([1, 1, 1, 1])
    assert [(part.low, part.high) for part in found.bins] == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]
    assert found.mean == pytest.approx(3.5)


def test_both_distances_are_taken_on_equally_many_and_the_rest_is_left_out_at_random():
    train, many, few = scored([300] * 4, [0] * 4), scored([1_000] * 4, [0] * 4), scored([220, 990, 990, 990], [0] * 4)
    sorted_by_feature = Scored(many.score.double()[:, None].sort(dim=0).values, many.score.sort().values)
    (first, *_) = distance_by_score(sorted_by_feature, few, train, (0, 1), mean_gap, rng()).bins
    assert (first.n_generated, first.n_real, first.n_train) == (220, 220, 300)
    assert first.distance == pytest.approx(0.125, abs=0.02)
    (mirrored, *_) = distance_by_score(few, sorted_by_feature, train, (0, 1), mean_gap, rng()).bins
    assert (mirrored.n_generated, mirrored.n_real) == (220, 220)
    assert mirrored.floor == pytest.approx(0.125, abs=0.02)


def test_a_side_with_too_few_images_has_no_distance():
    few, many = scored([199, 300, 300, 300], [1] * 4), scored([300] * 4, [2] * 4)
    by_real = distance_by_score(many, few, many, (0, 1), mean_gap, rng()).bins[0]
    assert (by_real.distance, by_real.floor, by_real.n_generated, by_real.n_real) == (0, None, 300, 199)
    by_generated = distance_by_score(few, many, many, (0, 1), mean_gap, rng())
    assert (by_generated.bins[0].distance, by_generated.bins[0].floor) == (None, 0)
    assert by_generated.mean == pytest.approx(1)
    by_train = distance_by_score(many, many, few, (0, 1), mean_gap, rng()).bins[0]
    assert (by_train.distance, by_train.floor) == (None, None)
    nothing = scored([1] * 4, [0] * 4)
    assert math.isnan(distance_by_score(nothing, nothing, nothing, (0, 1), mean_gap, rng()).mean)


def test_scores_outside_the_range_count_nowhere_and_its_ends_do():
    ends = Scored(torch.zeros(400, 1).double(), torch.tensor([0.0, 1.0]).repeat(200))
    outside = Scored(ends.features, torch.tensor([-0.1, 1.1]).repeat(200))
    found = distance_by_score(ends, ends, ends, (0, 1), mean_gap, rng()).bins
    assert [part.n_train for part in found] == [200, 0, 0, 200]
    assert [part.n_train for part in distance_by_score(ends, ends, outside, (0, 1), mean_gap, rng()).bins] == [0] * 4


def test_distances_of_shifted_data_have_closed_forms():
    features, score = torch.randn(4_000, 2).double(), torch.rand(4_000)
    train, shifted = Scored(features, score), Scored(features + torch.tensor([3.0, 4.0]), score)
    frechet = distance_by_score(shifted, shifted, train, (0, 1), frechet_distance, rng())
    assert [part.distance for part in frechet.bins] == pytest.approx([25] * 4, rel=1e-3)
    wasserstein = distance_by_score(shifted, shifted, train, (0, 1), sliced_wasserstein, rng())
    assert [part.distance for part in wasserstein.bins] == pytest.approx([10 / math.pi] * 4, rel=0.1)
