import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.sampling import DataConditions, uniform_conditions

# Class 0 is always certain, class 1 never, and (1, 0.6) occurs three times as often as each of the others.
REAL = Condition(torch.tensor([0, 0, 1, 1, 1, 1]), torch.tensor([1.0, 0.99, 0.6, 0.6, 0.6, 0.5]))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(condition):
    return list(zip(condition.label.tolist(), condition.score.tolist(), strict=True))


def test_only_pairs_that_occur_are_asked_and_as_often_as_they_occur():
    n = 30_000
    asked = pairs(DataConditions(REAL).draw(n, rng()))
    assert set(asked) == set(pairs(REAL))
    for pair in set(asked):
        expected = pairs(REAL).count(pair) / 6
        assert asked.count(pair) / n == pytest.approx(expected, abs=4 * (expected * (1 - expected) / n) ** 0.5)


def test_draws_are_independent_of_each_other():
    score = DataConditions(REAL).draw(30_000, rng()).score
    assert abs(torch.corrcoef(torch.stack([score[1:], score[:-1]]))[0, 1]) < 0.025


def test_more_can_be_drawn_than_there_are():
    asked = DataConditions(REAL).draw(100, rng())
    assert len(asked.label) == len(asked.score) == 100
    assert (asked.label.dtype, asked.score.dtype) == (torch.int64, torch.float32)


def test_the_generator_alone_decides():
    conditions = DataConditions(REAL)
    first = pairs(conditions.draw(50, rng(1)))
    torch.rand(3)
    assert pairs(conditions.draw(50, rng(1))) == first
    assert pairs(DataConditions(REAL).draw(50, rng(1))) == first
    assert pairs(conditions.draw(50, rng(2))) != first


def test_uniform_conditions_fill_their_range_whatever_the_class():
    n = 30_000
    asked = uniform_conditions(n, 3, 0.3, 0.9, rng())
    assert asked.label.bincount().tolist() == pytest.approx([n / 3] * 3, abs=4 * (n * 2 / 9) ** 0.5)
    assert asked.score.min() >= 0.3
    assert asked.score.max() <= 0.9
    for label in range(3):
        score = asked.score[asked.label == label]
        deciles = torch.histc(score, 10, 0.3, 0.9) / len(score)
        assert deciles.tolist() == pytest.approx([0.1] * 10, abs=0.0125)


def test_uniform_conditions_follow_the_generator_alone():
    first, again, other = (uniform_conditions(50, 3, -2.0, 5.0, rng(seed)) for seed in (1, 1, 2))
    assert pairs(first) == pairs(again) != pairs(other)
