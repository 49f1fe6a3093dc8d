import math

import pytest
import torch

from uqgen.conditioning.log_odds import MARGIN, LogOdds

LOG_ODDS = LogOdds(torch.tensor([0.7, 0.2, 1.0]))


def test_scaled_log_odds_of_the_place_between_the_ends():
    share = (0.8 - 0.2) / (1.0 - 0.2)
    expected = math.log(share / (1 - share)) / math.log((1 - MARGIN) / MARGIN)
    assert LOG_ODDS(torch.tensor([0.8])).item() == pytest.approx(expected, abs=1e-5)


def test_the_middle_is_zero_the_ends_are_one_and_what_lies_beyond_counts_as_they_do():
    scaled = LOG_ODDS(torch.tensor([0.6, 0.2, 1.0, 0.0, 1.5]))
    assert scaled.tolist() == pytest.approx([0, -1, 1, -1, 1], abs=1e-5)


def test_scores_that_do_not_vary_are_finite():
    assert LogOdds(torch.ones(2))(torch.ones(2)).isfinite().all()
