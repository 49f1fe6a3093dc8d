import math

import pytest
import torch

from uqgen.data.labelled import to_uint8
from uqgen.metrics.local_sensitivity import Change, LocalSensitivity, change_of_score
from uqgen.metrics.ratio import Ratio


def test_noise_on_a_linear_score_of_points_has_a_closed_form():
    weights, sigma = torch.tensor([3.0, -1.0]), torch.tensor([0.02, 0.05])
    found = change_of_score(torch.randn(200_000, 2), lambda x: x @ weights, sigma, seed=0)
    spread = math.hypot(3 * 0.02, 0.05)
    assert found.noise == pytest.approx(spread * math.sqrt(2 / math.pi), rel=0.01)
    assert found.shift is None


def test_noise_on_a_grey_pixel_has_a_closed_form_and_on_black_half_is_clipped():
    def first_pixel(x):
        return x[:, 0, 0, 0].float() / 255

    grey, black = torch.full((50_000, 1, 2, 2), 128, dtype=torch.uint8), torch.zeros(50_000, 1, 2, 2, dtype=torch.uint8)
    expected = 0.02 * math.sqrt(2 / math.pi)
    assert change_of_score(grey, first_pixel, 0.04, seed=0).noise == pytest.approx(expected, rel=0.02)
    assert change_of_score(black, first_pixel, 0.04, seed=0).noise == pytest.approx(expected / 2, rel=0.02)


def test_the_classifier_is_shown_pictures_alone():
    seen = []

    def spy(x):
        seen.append(x)
        return x.float().mean(dim=(1, 2, 3))

    change_of_score(to_uint8(torch.rand(3, 1, 5, 5)), spy, 0.04, seed=0)
    assert len(seen) == 6
    assert {x.dtype for x in seen} == {torch.uint8}
    assert {x.shape for x in seen} == {(3, 1, 5, 5)}


def test_a_shift_along_a_ramp_changes_its_slope_in_two_of_four_directions():
    ramp = (10 * torch.arange(9)).to(torch.uint8).expand(4, 1, 9, 9).contiguous()
    found = change_of_score(ramp, lambda x: x[:, 0, 4, 4].float(), 0.0, seed=0)
    assert found.shift == pytest.approx((10 + 10 + 0 + 0) / 4)
    assert found.noise == 0


def test_the_seed_alone_decides():
    x = torch.randn(50, 2)
    first, again, other = (change_of_score(x, lambda x: x[:, 0], 0.1, seed).noise for seed in (1, 1, 2))
    assert first == again != other


def test_generated_are_put_beside_real_ones():
    assert LocalSensitivity.of(Change(0.3, 0.2), Change(0.1, 0.4)) == LocalSensitivity(
        Ratio.of(0.3, 0.1), Ratio.of(0.2, 0.4)
    )
    assert LocalSensitivity.of(Change(0.3, None), Change(0.1, None)).shift is None
    assert Ratio.of(0.2, 0.4).ratio == pytest.approx(0.5)
    assert math.isnan(Ratio.of(0.2, 0.0).ratio)
