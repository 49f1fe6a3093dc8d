import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.neighbours import Neighbours

N, K = 300, 4
REAL = Condition(torch.arange(N) % (K - 1), torch.rand(N, generator=torch.Generator().manual_seed(1)))


def test_they_are_half_below_and_half_above_within_the_class():
    requested = Condition(torch.tensor([2, 0]), torch.tensor([0.5, 0.7]))
    chance = (torch.arange(10) + 0.5) / 10
    found = Neighbours(K, REAL, 10)(requested, chance.expand(2, -1))
    for label, score, positions in zip(*requested[:2], found, strict=True):
        mine = (REAL.label == label).nonzero().squeeze(1)
        ordered = mine[REAL.score[mine].argsort()]
        below = int((REAL.score[mine] < score).sum())
        assert positions.equal(ordered[below - 5 : below + 5])


def test_one_chance_each_chooses_in_the_order_of_scores():
    requested = Condition(torch.full((10,), 1), torch.full((10,), 0.5))
    near = Neighbours(K, REAL, 10)
    chance = (torch.arange(10) + 0.5) / 10
    assert near(requested, chance).equal(near(requested.select(slice(0, 1)), chance[None])[0])


def test_at_the_ends_the_nearest_there_are_serve():
    near, ends = Neighbours(K, REAL, 10), torch.tensor([0.0, 1.0])
    for chance in (torch.zeros(2), torch.full((2,), 0.9999)):
        low, high = REAL.score[near(Condition(torch.zeros(2, dtype=torch.int64), ends), chance)]
        assert low < 0.2
        assert high > 0.8


def test_for_a_class_without_images_those_of_all_classes_with_the_nearest_scores_serve():
    scores, chance = torch.tensor([0.15, 0.5, 0.85, 0.95]), (torch.arange(10) + 0.5) / 10
    found = Neighbours(K, REAL, 10)(Condition(torch.full((4,), K - 1), scores), chance.expand(4, -1))
    ordered = REAL.score.argsort()
    for score, positions in zip(scores, found, strict=True):
        below = int((REAL.score < score).sum())
        assert positions.equal(ordered[below - 5 : below + 5])


def test_of_few_images_all_are_near():
    few = REAL.select(slice(0, 9))
    found = Neighbours(K, few, 10)(Condition(torch.tensor([1]), torch.tensor([0.5])), torch.arange(9)[None] / 9)
    assert set(found[0].tolist()) == {1, 4, 7}


def test_all_images_with_the_very_score_that_is_requested_are_near_and_as_many_others_as_without_them():
    score = torch.cat([torch.linspace(0.2, 0.9, 100), torch.ones(200)])
    real, chance = Condition(torch.zeros(300, dtype=torch.int64), score), torch.arange(1000) / 1000
    (found,) = Neighbours(1, real, 16)(Condition(torch.tensor([0]), torch.tensor([1.0])), chance[None])
    assert set(found.tolist()) == set(range(84, 300))
    assert found.bincount(minlength=300)[84:].unique().tolist() == [4, 5]
