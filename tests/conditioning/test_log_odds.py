import math

import pytest
import torch

from uqgen.conditioning.log_odds import MARGIN, LogOdds, extended_logit

LOG_ODDS = LogOdds(torch.tensor([0.7, 0.2, 1.0]))


def test_scaled_log_odds_of_the_place_between_the_ends():
    # 0.8 is three quarters of the way from 0.2 to 1: odds of 3 to 1; at the margin they are 499 to 1.
    assert MARGIN == 1 / 500
    assert LOG_ODDS(torch.tensor([0.8])).item() == pytest.approx(math.log(3) / math.log(499), abs=1e-5)


def test_the_middle_is_zero_the_ends_are_one_and_what_lies_beyond_counts_as_they_do():
    scaled = LOG_ODDS(torch.tensor([0.6, 0.2, 1.0, 0.0, 1.5]))
    assert scaled.tolist() == pytest.approx([0, -1, 1, -1, 1], abs=1e-5)


def test_scores_that_do_not_vary_are_finite():
    assert LogOdds(torch.ones(2))(torch.ones(2)).isfinite().all()


def test_extended_logit_is_the_logit_and_goes_on_linearly():
    inside = torch.tensor([0.01, 0.3, 0.5, 0.99])
    torch.testing.assert_close(extended_logit(inside), torch.logit(inside))
    x = torch.tensor([0.0, 1.0, -3.0, 4.0], requires_grad=True)
    beyond = extended_logit(x)
    beyond.sum().backward()
    edge = torch.tensor(MARGIN, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.logit(edge), edge)  # of the tangent
    torch.testing.assert_close(x.grad, slope.float().expand(4))
    assert beyond[0].item() == pytest.approx(-math.log(499) - MARGIN * slope.item(), rel=1e-5)
    assert beyond[1].item() == pytest.approx(-beyond[0].item(), rel=1e-5)


def test_what_losses_take_has_a_slope_at_the_ends_too():
    # MSP 0.9995 of a range to 1: clamped log-odds gave no gradient where it is needed most.
    log_odds, score = LogOdds(torch.tensor([0.3, 1.0])), torch.tensor([0.9995, 0.3005, 0.65], requires_grad=True)
    log_odds.extended(score).sum().backward()
    assert (score.grad > 0.5).all()
    torch.testing.assert_close(log_odds.extended(score)[2], log_odds(score)[2])
