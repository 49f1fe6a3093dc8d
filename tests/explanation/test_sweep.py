import pytest
import torch

import uqgen
from uqgen.explanation.sweep import sweep_scores

SCORES = (1.0, 0.7, 0.3)


@pytest.fixture(scope="module")
def run(tiny_run):
    return uqgen.load(tiny_run)


@pytest.fixture(scope="module")
def sweep(run):
    return sweep_scores(run.gan, run.classifiers.target, run.classifiers.score, 10, SCORES, 2, seed=4)


def test_the_target_says_what_is_said_of_every_image_in_its_place(run, sweep):
    assert (sweep.x.shape, sweep.x.dtype) == ((10, 2, 3, 1, 32, 32), torch.uint8)
    probabilities = run.classifiers.target(sweep.x[7, 1].float() / 127.5 - 1).softmax(dim=1)
    torch.testing.assert_close(sweep.probabilities[7, 1], probabilities)
    torch.testing.assert_close(sweep.score_out[7, 1], probabilities.amax(dim=1))
    assert sweep.predicted[7, 1].equal(probabilities.argmax(dim=1))


def test_along_a_sweep_nothing_but_the_score_differs(run, sweep):
    arguments = (run.gan, run.classifiers.target, run.classifiers.score, 10)
    constant = sweep_scores(*arguments, (0.7, 0.7, 0.7), 2, seed=4)
    for step in range(3):
        assert constant.x[:, :, step].equal(sweep.x[:, :, 1])
    assert not sweep.x[:, :, 0].equal(sweep.x[:, :, 2])


def test_noises_differ_between_rows_and_between_classes_and_follow_the_seed(run, sweep):
    assert not sweep.x[0, 0].equal(sweep.x[0, 1])
    arguments = (run.gan, run.classifiers.target, run.classifiers.score, 10, SCORES, 2)
    assert sweep_scores(*arguments, seed=4).x.equal(sweep.x)
    assert not sweep_scores(*arguments, seed=5).x.equal(sweep.x)
