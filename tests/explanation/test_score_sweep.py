import pytest
import torch

import uqgen
from uqgen.explanation.score_sweep import sweep_scores

SCORES = (1.0, 0.7, 0.3)


@pytest.fixture(scope="module")
def run(tiny_run):
    return uqgen.load(tiny_run)


@pytest.fixture(scope="module")
def sweep(run):
    return sweep_scores(run.model, run.classifiers.target, run.classifiers.score, range(3), SCORES, 2, seed=4)


def test_the_target_says_what_is_said_of_every_image_in_its_place(run, sweep):
    assert (sweep.x.shape, sweep.x.dtype) == ((3, 2, 3, 1, 32, 32), torch.uint8)
    probabilities = run.classifiers.target(sweep.x[2, 1].float() / 127.5 - 1).softmax(dim=1)
    torch.testing.assert_close(sweep.probabilities[2, 1], probabilities)
    torch.testing.assert_close(sweep.score_out[2, 1], probabilities.amax(dim=1))
    assert sweep.predicted[2, 1].equal(probabilities.argmax(dim=1))


def test_along_a_sweep_nothing_but_the_score_differs(run):
    arguments = (run.model, run.classifiers.target, run.classifiers.score, range(2))
    one = sweep_scores(*arguments, (1.0, 0.7, 0.5, 0.3), 2, seed=4)
    other = sweep_scores(*arguments, (1.0, 0.5, 0.7, 0.3), 2, seed=4)
    for here, there in enumerate((0, 2, 1, 3)):
        assert other.x[:, :, here].equal(one.x[:, :, there])
    assert not one.x[:, :, 0].equal(one.x[:, :, 3])


def test_noises_differ_between_rows_and_between_classes_and_follow_the_seed(run, sweep):
    assert not sweep.x[0, 0].equal(sweep.x[0, 1])
    arguments = (run.model, run.classifiers.target, run.classifiers.score, range(3), SCORES, 2)
    assert sweep_scores(*arguments, seed=4).x.equal(sweep.x)
    assert not sweep_scores(*arguments, seed=5).x.equal(sweep.x)


def test_along_a_sweep_vectors_of_one_class_have_each_score_for_their_maximum(run):
    latent = run.model.draw_latent(2, torch.Generator().manual_seed(0))
    condition = run.model.encoding.along_scores(torch.tensor([3, 3]), torch.tensor(SCORES).expand(2, -1), latent.chance)
    assert condition.label.unique().tolist() == [3]
    torch.testing.assert_close(condition.score, torch.tensor(SCORES * 2))
    reachable = condition.score[condition.score < 1]
    torch.testing.assert_close(condition.probabilities.amax(dim=1)[condition.score < 1], reachable, rtol=0, atol=1e-3)
    assert condition.probabilities.argmax(dim=1).view(2, 3).unique(dim=1).shape == (2, 1)
