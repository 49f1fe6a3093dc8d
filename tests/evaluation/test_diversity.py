import math

import pytest
import torch
from scipy.spatial.distance import pdist

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.diversity import diversity, mean_distance, nearest_of_class


def test_mean_distance_is_that_of_scipy():
    features = torch.randn(2, 3, 7, 5).double()
    found = mean_distance(features)
    assert found.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            assert found[i, j].item() == pytest.approx(pdist(features[i, j].numpy()).mean())


def test_equal_images_have_no_distance_to_the_last_digit():
    assert mean_distance(torch.randn(1, 4).double().expand(40, 4) * 1e3).item() == 0


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_scaled_differences_scale_the_ratio(scale):
    real = torch.randn(2, 3, 20, 4).double()
    found = diversity([0.4, 0.8], 7 + scale * real, real)
    assert found.ratio == pytest.approx(scale)
    assert [point.score for point in found.by_score] == [0.4, 0.8]
    for point, expected in zip(found.by_score, mean_distance(real).mean(dim=1), strict=True):
        assert point.distance.real == pytest.approx(expected.item())
        assert point.distance.generated == pytest.approx(scale * expected.item(), abs=1e-12)


def test_each_score_has_its_own_ratio_and_the_mean_is_of_the_ratios():
    real = torch.randn(2, 3, 20, 4).double() * torch.tensor([1.0, 10.0]).view(2, 1, 1, 1)
    found = diversity([0.4, 0.8], real * torch.tensor([0.2, 0.6]).view(2, 1, 1, 1), real)
    assert [point.distance.ratio for point in found.by_score] == pytest.approx([0.2, 0.6])
    assert found.ratio == pytest.approx(0.4)


def test_the_number_of_images_does_not_bias():
    few, many = torch.randn(1, 3_000, 5, 4).double(), torch.randn(1, 100, 100, 4).double()
    assert diversity([0.5], few, many).ratio == pytest.approx(1, abs=0.02)


def test_one_image_says_nothing():
    assert math.isnan(diversity([0.5], torch.randn(1, 2, 4, 3).double(), torch.randn(1, 2, 1, 3).double()).ratio)


def test_real_images_are_those_of_the_class_with_the_nearest_scores():
    own = Condition(torch.randint(3, (200,)), torch.rand(200))
    asked = Condition(torch.tensor([0, 1, 2, 2]), torch.tensor([0.1, 0.5, 0.9, 0.2]))
    found = nearest_of_class(asked, own, 10)
    assert found.shape == (4, 10)
    for label, score, index in zip(asked.label, asked.score, found, strict=True):
        of_class = (own.label == label).nonzero().squeeze(1)
        expected = of_class[(own.score[of_class] - score).abs().argsort()[:10]]
        assert set(index.tolist()) == set(expected.tolist())


def test_a_rare_class_leaves_fewer_for_all():
    own = Condition(torch.tensor([0] * 50 + [1] * 3), torch.rand(53))
    asked = Condition(torch.tensor([0, 1]), torch.tensor([0.5, 0.5]))
    assert nearest_of_class(asked, own, 10).shape == (2, 3)
