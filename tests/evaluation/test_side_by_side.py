import torch

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.score_bins import ScoreBins
from uqgen.evaluation.side_by_side import N_NEAR, about, at_certain_end, spread_classes

RNG = torch.Generator().manual_seed(0)
REAL = Condition(torch.randint(3, (3_000,), generator=RNG), torch.rand(3_000, generator=RNG))
BINS = ScoreBins((0.3, 0.9, 1.0), certain_is_last=True)
CLASSES = torch.tensor([0, 2])


def test_at_the_certain_end_are_random_images_of_the_class_of_any_score_there():
    found = at_certain_end(REAL, BINS, CLASSES, torch.Generator().manual_seed(0))
    assert found.shape == (2, 12)
    assert (REAL.label[found] == CLASSES[:, None]).all()
    assert (REAL.score[found] >= 0.9).all()
    assert REAL.score[found].mean() < 0.97  # not the most certain ones
    assert len(set(found.flatten().tolist())) == 24


def test_a_class_without_enough_at_the_certain_end_is_filled_up_with_the_nearest_to_it():
    score = torch.where(REAL.label == 2, REAL.score * 0.5, REAL.score)
    found = at_certain_end(REAL._replace(score=score), BINS, CLASSES, torch.Generator().manual_seed(0))
    most = score[REAL.label == 2].topk(12).values
    assert score[found[1]].sort(descending=True).values.equal(most)


def test_about_a_score_are_random_ones_of_the_nearest():
    found = about(0.7, REAL, CLASSES, torch.Generator().manual_seed(0))
    for label, positions in zip(CLASSES, found, strict=True):
        of_class = (REAL.label == label).nonzero().squeeze(1)
        nearest = of_class[(REAL.score[of_class] - 0.7).abs().argsort()[:N_NEAR]]
        assert set(positions.tolist()) <= set(nearest.tolist())
        assert set(positions.tolist()) != set(nearest[:12].tolist())


def test_of_a_small_class_there_are_as_many_as_it_has():
    real = Condition(torch.tensor([0] * 30 + [1] * 5), torch.linspace(0.3, 1, 35))
    for found in (about(0.5, real, torch.arange(2), RNG), at_certain_end(real, BINS, torch.arange(2), RNG)):
        assert found.shape == (2, 5)


def test_shown_are_classes_of_which_there_are_images():
    label = torch.tensor([5, 0, 3, 3, 9, 5])
    assert spread_classes(label, 9).tolist() == [0, 3, 5, 9]
    assert spread_classes(label, 2).tolist() == [0, 9]
