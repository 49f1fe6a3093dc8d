import math

import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.fourier import FourierEncoding
from uqgen.conditioning.log_odds import LogOdds

REAL = Condition(torch.tensor([0, 1, 2]), torch.tensor([0.2, 0.7, 1.0]))


def encode(*scores: float) -> torch.Tensor:
    return FourierEncoding(3, REAL, n_frequencies=2)(
        Condition(torch.zeros(len(scores), dtype=torch.int64), torch.tensor(scores))
    )[1]


def test_class_and_score_are_parts_of_their_own():
    encoding = FourierEncoding(3, REAL)
    label, score = encoding(REAL)
    assert label.equal(torch.eye(3))
    assert (label.shape[1], score.shape[1]) == encoding.part_dims == (3, 9)


def test_features_are_those_of_the_log_odds_between_the_ends():
    odds = LogOdds(REAL.score)(torch.tensor([0.8])).item()
    angles = [math.pi / 2 * odds, math.pi * odds]
    expected = [odds, *map(math.sin, angles), *map(math.cos, angles)]
    assert encode(0.8)[0].tolist() == pytest.approx(expected, abs=1e-5)


def test_different_scores_have_different_features():
    features = encode(*torch.linspace(0.21, 0.99, 100).tolist())
    distances = torch.cdist(features, features) + torch.eye(100)
    assert distances.min() > 1e-3


def test_scores_that_do_not_vary_are_finite():
    same = Condition(torch.tensor([0, 1]), torch.tensor([0.5, 0.5]))
    for part in FourierEncoding(2, same)(same):
        assert part.isfinite().all()
