from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from uqgen.conditioning.condition import Condition
from uqgen.enforcement.mismatched import LEAST, Mismatched

K = 3


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def sure() -> Condition:
    """What a sure classifier gives: of nine images in ten, scores of 0.98 to 1, with vectors that tell the class."""
    torch.manual_seed(3)
    score = torch.cat([0.98 + 0.02 * torch.rand(900), 0.4 + 0.58 * torch.rand(100)])
    label = torch.arange(1000) % K
    vector = torch.full((1000, K), 0.0).scatter(1, label[:, None], score[:, None])
    return Condition(label, score, vector + (1 - score[:, None]) / (K - 1) * (vector == 0))


def mismatched(given, real):
    return Mismatched(replace(given, real=real))


def test_wrong_scores_are_far_in_log_odds_even_of_a_sure_classifier(given, sure):
    made = mismatched(given, sure)
    for seed in range(5):
        wrong = made.wrong(sure, rng(seed))
        assert (made.log_odds(wrong.score) - made.log_odds(sure.score)).abs().min() >= LEAST - 1e-3
    # Of 0.99, all that is wrong is below 0.98 or nearly 1: two thirds of the images.
    assert (wrong.score[:900] - sure.score[:900]).abs().median() > 0.005


def test_a_wrong_condition_is_of_the_same_class_vector_and_all(given, sure):
    wrong = mismatched(given, sure).wrong(sure, rng())
    assert wrong.label.equal(sure.label)
    assert wrong.probabilities.argmax(dim=1).equal(sure.label)
    pairs = {(label, score) for label, score in zip(sure.label.tolist(), sure.score.tolist(), strict=True)}
    assert {(a, b) for a, b in zip(wrong.label.tolist(), wrong.score.tolist(), strict=True)} <= pairs
    torch.testing.assert_close(wrong.probabilities.amax(dim=1), wrong.score)


def test_all_wrong_images_are_drawn_as_often(given):
    real = Condition(torch.zeros(50, dtype=torch.int64), torch.linspace(0, 1, 50))
    made, middle = mismatched(given, real), real.select(torch.full((20_000,), 25))
    counts = torch.searchsorted(real.score, made.wrong(middle, rng()).score).bincount(minlength=50)
    far = (made.log_odds(real.score) - made.log_odds(real.score[25])).abs() >= LEAST
    assert (counts > 0).equal(far)
    expected = 20_000 / far.sum().item()
    assert counts[far].float().sub(expected).abs().max() < 5 * expected**0.5


def test_where_a_class_has_no_such_image_it_is_the_farthest(given):
    label, score = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0.5, 0.51, 0.53, 0.0, 1.0])
    real = Condition(label, score)
    wrong = mismatched(given, real).wrong(real, rng())
    assert wrong.score.tolist() == pytest.approx([0.53, 0.53, 0.5, 1.0, 0.0])


def test_real_images_under_wrong_scores_count_as_generated(given, real):
    x = torch.randn(len(real.score), 3)
    mismatched = Mismatched(given, weight=0.3)
    loss = mismatched.discriminator_loss(x, real, x, real, rng(5))
    expected = softplus(given.discriminator(x, given.encoding(mismatched.wrong(real, rng(5))))).mean()
    torch.testing.assert_close(loss, 0.3 * expected)
    assert loss.requires_grad
    assert mismatched.generator_loss(x, real, rng()) is None


def test_an_image_keeps_its_kinds_under_a_wrong_score(given, sure):
    kinds = torch.arange(1000)[:, None] % 5
    wrong = mismatched(given, sure).wrong(sure._replace(kinds=kinds), rng())
    assert wrong.kinds.equal(kinds)
    assert not wrong.score.equal(sure.score)
