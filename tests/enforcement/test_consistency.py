import math
from dataclasses import replace

import pytest
import torch
from scipy import stats

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.enforcement.consistency import Consistency
from uqgen.scores import get_score
from uqgen.settings import SettingError

PLAIN = {"noise": 0.0, "shift": 0}  # the classifiers of `given` are all the same


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_a_vector_it_is_the_squared_distance_of_log_odds(given):
    # Real scores go from 1/3 to 1, so 2/3 is in the middle, log-odds 0; scaled by those of 0.998, which are log 499.
    logits = torch.tensor([[2 / 3, 1 / 6, 1 / 6], [2 / 3, 1 / 6, 1 / 6]]).log()
    requested = Condition(torch.zeros(2, dtype=torch.int64), torch.tensor([1 / 3 + 2 / 3 * 0.75, 2 / 3]))
    loss = Consistency(given, weight=2.0, **PLAIN).generator_loss(logits, requested, rng())
    assert loss.tolist() == pytest.approx([2 * (math.log(3) / math.log(499)) ** 2, 0], abs=1e-6)


@pytest.mark.parametrize("sure", [8.0, 12.0])  # an MSP of 0.9993, and of 1 less 1e-5: beyond the margin
def test_an_image_that_is_too_certain_is_moved_back(given, sure):
    logits = torch.tensor([[sure, 0.0, 0.0]], requires_grad=True)
    requested = Condition(torch.zeros(1, dtype=torch.int64), torch.tensor([0.7]))
    loss = Consistency(given, **PLAIN).generator_loss(logits, requested, rng())
    (slope,) = torch.autograd.grad(loss.sum(), logits)
    assert slope[0, 0] > 0


def test_with_a_vector_it_is_scipys_divergence(given):
    logits, probabilities = torch.randn(6, 3), torch.randn(6, 3).softmax(dim=1)
    requested = Condition(torch.zeros(6, dtype=torch.int64), probabilities.amax(dim=1), probabilities)
    loss = Consistency(given, **PLAIN).generator_loss(logits, requested, rng())
    expected = [stats.entropy(p, q) for p, q in zip(probabilities.numpy(), logits.softmax(dim=1).numpy(), strict=True)]
    assert loss.tolist() == pytest.approx(expected, abs=1e-5)


def test_what_was_requested_costs_nothing_and_following_the_gradient_leads_there(given):
    logits = torch.randn(6, 3)
    requested = Condition(torch.zeros(6, dtype=torch.int64), torch.full((6,), 0.7))
    consistency = Consistency(given, **PLAIN)
    for _ in range(200):
        logits.requires_grad_(True)
        loss = consistency.generator_loss(logits, requested, rng())
        (slope,) = torch.autograd.grad(loss.sum(), logits)
        logits = (logits - 2 * slope).detach()
    assert logits.softmax(dim=1).amax(dim=1).tolist() == pytest.approx([0.7] * 6, abs=0.01)
    assert consistency.generator_loss(logits, requested, rng()).max() < 1e-3


def test_every_classifier_takes_part_and_none_is_trained(given):
    consistency = Consistency(given, n_surrogates=2, **PLAIN)
    for number, classifier in enumerate([given.target, *given.surrogates]):
        classifier.network.weight.fill_(number + 1.0)
    logits = torch.tensor([[1.0, 0.0, 0.0]])
    requested = Condition(torch.zeros(1, dtype=torch.int64), torch.tensor([0.5]))
    losses = {consistency.generator_loss(logits, requested, rng(seed)).item() for seed in range(30)}
    assert len(losses) == 3
    assert not any(weight.requires_grad for weight in consistency.parameters())


def test_images_are_shifted_by_whole_pixels_in_every_direction(given):
    consistency = Consistency(given, noise=0.0, shift=1)
    image = torch.zeros(1, 1, 7, 7)
    image[..., 3, 3] = 1
    places = {tuple(consistency._perturbed(image, rng(seed))[0, 0].nonzero()[0].tolist()) for seed in range(100)}
    assert places == {(y, x) for y in (2, 3, 4) for x in (2, 3, 4)}


def test_pixels_beyond_those_of_a_picture_gain_nothing_and_points_are_left_as_they_are(given):
    consistency = Consistency(given, **PLAIN)
    images = torch.tensor([-3.0, -0.5, 0.5, 1.5]).view(1, 1, 2, 2).requires_grad_()
    classified = consistency._perturbed(images, rng())
    assert classified.flatten().tolist() == [-1.0, -0.5, 0.5, 1.0]
    classified.sum().backward()
    assert images.grad.flatten().tolist() == [0.0, 1.0, 1.0, 0.0]
    points = torch.tensor([[-3.0, 2.0]])
    assert consistency._perturbed(points, rng()).equal(points)


def test_noise_and_blur_have_the_strength_that_was_set(given):
    noise = Consistency(given, noise=0.3, shift=0)._perturbed(torch.zeros(1, 1, 100, 100), rng())
    assert noise.std().item() == pytest.approx(0.3, rel=0.03)
    image = torch.zeros(1, 1, 31, 31)
    image[..., 15, 15] = 1
    blurred = Consistency(given, noise=0.0, shift=0, blur=2.0)._perturbed(image, rng())
    assert blurred.sum().item() == pytest.approx(1, abs=1e-4)
    place = torch.arange(31.0) - 15
    assert (blurred[0, 0].sum(dim=0) * place**2).sum().item() == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize(
    ("name", "value"),
    [("weight", -1), ("bound", -1), ("noise", -1), ("blur", -1), ("shift", 0.5), ("n_surrogates", -1), ("warm_up", -1)],
)
def test_what_is_out_of_range_is_refused(given, name, value):
    with pytest.raises(SettingError, match=f"^{name}="):
        Consistency(given, **{name: value})


@pytest.fixture
def given_two(given, real):
    """MSP and, as a second score, margin."""
    return replace(
        given, score=get_score("msp", "margin"), real=real._replace(second=torch.linspace(0, 1, len(real.score)))
    )


def test_of_two_scores_both_count_each_in_its_own_log_odds(given_two):
    logits = torch.randn(6, 3)
    requested = Condition(torch.zeros(6, dtype=torch.int64), torch.rand(6), None, torch.rand(6))
    expected = 0
    for name, own, wanted in (
        ("msp", given_two.real.score, requested.score),
        ("margin", given_two.real.second, requested.second),
    ):
        odds = LogOdds(own).extended
        expected = expected + (odds(get_score(name)(logits, requested.label)) - odds(wanted)) ** 2
    torch.testing.assert_close(Consistency(given_two, **PLAIN).generator_loss(logits, requested, rng()), expected)


def test_beside_a_vector_only_the_second_score_is_added(given_two):
    logits, probabilities = torch.randn(6, 3), torch.randn(6, 3).softmax(dim=1)
    requested = Condition(torch.zeros(6, dtype=torch.int64), torch.rand(6), probabilities, torch.rand(6))
    consistency, odds = Consistency(given_two, **PLAIN), LogOdds(given_two.real.second).extended
    loss = consistency.generator_loss(logits, requested, rng())
    divergence = stats.entropy(probabilities.numpy(), logits.softmax(dim=1).numpy(), axis=1)
    second = (odds(get_score("margin")(logits, requested.label)) - odds(requested.second)) ** 2
    torch.testing.assert_close(loss, torch.from_numpy(divergence) + second, atol=1e-5, rtol=1e-5)
