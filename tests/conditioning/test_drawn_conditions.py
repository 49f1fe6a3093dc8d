import pytest
import torch
from other_device import OtherDevice

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import NEIGHBOURS, DataConditions, uniform_conditions

# Class 0 is always certain, class 1 never, and (1, 0.6) occurs three times as often as each of the others.
REAL = Condition(torch.tensor([0, 0, 1, 1, 1, 1]), torch.tensor([1.0, 0.99, 0.6, 0.6, 0.6, 0.5]))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def pairs(condition):
    return list(zip(condition.label.tolist(), condition.score.tolist(), strict=True))


def test_only_pairs_that_occur_are_requested_and_as_often_as_they_occur():
    n = 30_000
    requested = pairs(DataConditions(REAL).draw(n, rng()))
    assert set(requested) == set(pairs(REAL))
    for pair in set(requested):
        expected = pairs(REAL).count(pair) / 6
        assert requested.count(pair) / n == pytest.approx(expected, abs=4 * (expected * (1 - expected) / n) ** 0.5)


def test_draws_are_independent_of_each_other():
    score = DataConditions(REAL).draw(30_000, rng()).score
    assert abs(torch.corrcoef(torch.stack([score[1:], score[:-1]]))[0, 1]) < 0.025


def test_more_can_be_drawn_than_there_are():
    requested = DataConditions(REAL).draw(100, rng())
    assert len(requested.label) == len(requested.score) == 100
    assert (requested.label.dtype, requested.score.dtype) == (torch.int64, torch.float32)


def test_the_generator_alone_decides():
    conditions = DataConditions(REAL)
    first = pairs(conditions.draw(50, rng(1)))
    torch.rand(3)
    assert pairs(conditions.draw(50, rng(1))) == first
    assert pairs(DataConditions(REAL).draw(50, rng(1))) == first
    assert pairs(conditions.draw(50, rng(2))) != first


def test_drawing_leaves_the_real_conditions_where_they_are(monkeypatch):
    with OtherDevice("mps", monkeypatch):
        conditions = DataConditions(REAL)
        conditions.draw(5, rng())
        assert conditions.real is REAL


def test_an_epoch_is_in_another_order_than_the_one_before():
    for conditions in (DataConditions(MANY), DataConditions(MANY, group=4)):
        drawn = rng()
        assert not conditions.order(drawn).equal(conditions.order(drawn))


MANY = Condition(torch.arange(1000) % 4, torch.rand(1000, generator=rng(3)))


@pytest.mark.parametrize("how", ["draw", "order"])
def test_a_group_is_of_one_class_and_of_about_one_score(how):
    conditions = DataConditions(MANY, group=4)
    drawn = conditions.draw(1000, rng()) if how == "draw" else MANY.select(conditions.order(rng()))
    label, score = drawn.label.view(-1, 4), drawn.score.view(-1, 4)
    assert label.eq(label[:, :1]).all()
    for one in range(4):
        ordered = MANY.score[MANY.label == one].sort().values
        rank = torch.searchsorted(ordered, score[label[:, 0] == one].contiguous())
        assert 0 < (rank.amax(dim=1) - rank.amin(dim=1)).max() <= 2 * NEIGHBOURS
    assert label[:, 0].bincount().tolist() == pytest.approx([62.5] * 4, abs=4 * (250 * 3 / 16) ** 0.5)
    assert score.mean().item() == pytest.approx(MANY.score.mean().item(), abs=4 / (12 * 250) ** 0.5)


def test_groups_are_whole_in_the_middle_of_a_class_and_at_its_ends():
    conditions, position = DataConditions(MANY, group=4), MANY.score.argmin().expand(4000)
    near = conditions._near(position, rng())
    assert (MANY.label[near] == MANY.label[position]).all()
    lowest = (MANY.label == MANY.label[position[0]]).nonzero().squeeze(1)
    expected = lowest[MANY.score[lowest].argsort()][: NEIGHBOURS + 1]
    assert set(near.tolist()) == set(expected.tolist())


def test_a_number_that_is_no_multiple_of_the_group_can_be_drawn():
    assert len(DataConditions(REAL, group=4).draw(30, rng()).label) == 30
    assert len(DataConditions(REAL, group=4).order(rng())) == 6


def test_uniform_conditions_fill_their_range_whatever_the_class():
    n = 30_000
    requested = uniform_conditions(n, 3, 0.3, 0.9, rng())
    assert requested.label.bincount().tolist() == pytest.approx([n / 3] * 3, abs=4 * (n * 2 / 9) ** 0.5)
    assert requested.score.min() >= 0.3
    assert requested.score.max() <= 0.9
    for label in range(3):
        score = requested.score[requested.label == label]
        deciles = torch.histc(score, 10, 0.3, 0.9) / len(score)
        assert deciles.tolist() == pytest.approx([0.1] * 10, abs=0.0125)


def test_uniform_conditions_follow_the_generator_alone():
    first, again, other = (uniform_conditions(50, 3, -2.0, 5.0, rng(seed)) for seed in (1, 1, 2))
    assert pairs(first) == pairs(again) != pairs(other)
