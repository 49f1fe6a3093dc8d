import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.explanation.edits import FAR, Edits, by_change, pixel_distance, scores_of, smallest
from uqgen.scores import get_score


def test_the_smallest_change_is_among_those_that_reach_the_score():
    change, miss = torch.tensor([1.0, 2.0, 3.0, 9.0]), torch.tensor([0.2, 0.04, 0.0, 0.01])
    assert by_change(change, miss, 0.05).tolist() == [1, 2, 3, 0]
    assert by_change(change, miss, 0.03).tolist() == [2, 3, 1, 0]
    assert by_change(change, miss + 0.1, 0.05).tolist() == [2, 3, 1, 0]  # none reaches it: the nearest in score
    assert by_change(change * 0, miss * 0, 0.05).tolist() == [0, 1, 2, 3]


def test_among_those_that_reach_the_score_the_preferred_come_first():
    change, miss = torch.tensor([1.0, 2.0, 3.0, 9.0, 4.0]), torch.tensor([0.2, 0.04, 0.0, 0.01, 0.0])
    assert by_change(change, miss, 0.05, torch.tensor([True, False, True, False, True])).tolist() == [2, 4, 1, 3, 0]
    for every in (True, False):
        assert by_change(change, miss, 0.05, torch.full((5,), every)).equal(by_change(change, miss, 0.05))


def test_a_large_change_does_not_hide_how_far_a_score_is():
    change, miss = torch.tensor([4000.0, 10.0, 20.0]), torch.tensor([0.1002, 0.1001, 0.1])
    assert by_change(change, miss, 0.05).tolist() == [2, 1, 0]


def test_distances_are_euclidean_and_of_pixels_between_0_and_1():
    given = torch.zeros(1, 1, 2, 2, dtype=torch.uint8)
    moved = torch.tensor([[[[255, 0], [0, 255]]]], dtype=torch.uint8)
    torch.testing.assert_close(pixel_distance(moved, given), torch.tensor([2.0]).sqrt())


def test_every_edit_is_scored_in_its_place(linear):
    x = torch.randint(0, 256, (4, 3, 1, 8, 8), dtype=torch.uint8)
    edits = Edits.scored(x, torch.zeros(4, dtype=torch.int64), linear, get_score("msp"))
    probabilities = linear(x[2, 1].float()[None] / 127.5 - 1).softmax(dim=1)[0]
    torch.testing.assert_close(edits.score_out[2, 1], probabilities.max())
    assert edits.predicted[2, 1] == probabilities.argmax()


def chosen(changes, held):
    """The order in which edits of one image come that all reach the score."""
    given = torch.zeros(1, 1, 2, 2, dtype=torch.uint8)
    ways = [Edits(given[:, None] + by, torch.tensor([[0.5]]), torch.tensor([[0]])) for by in changes]
    does = [torch.tensor([[each]]) for each in held]
    return smallest(ways, given, torch.tensor([0.5]), 0.05, does, n=len(ways))[1].tolist()[0]


def test_an_edit_that_holds_comes_first_unless_it_changes_much_more_than_another():
    assert chosen([10 * FAR, 10, 15], [True, False, False]) == [0, 1, 2]
    assert chosen([10 * FAR + 1, 10, 15], [True, False, False]) == [1, 2, 0]
    assert chosen([12, 10, 11], [True, False, True]) == [2, 0, 1]


def test_an_image_that_has_the_score_is_left_as_it_is_though_that_does_not_hold():
    assert chosen([9, 0], [True, False]) == [1, 0]


def test_the_score_of_several_classifiers_is_the_mean(linear):
    x, label = torch.randint(0, 256, (2, 3, 1, 8, 8), dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)
    other = FrozenClassifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)))
    one, two = (Edits.scored(x, label, each, get_score("msp")).score_out for each in (linear, other))
    torch.testing.assert_close(scores_of(x, label, [linear, other], get_score("msp")), (one + two) / 2)
