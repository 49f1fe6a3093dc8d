from dataclasses import replace

import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.log_odds import LogOdds
from uqgen.enforcement.auxiliary import Auxiliary
from uqgen.scores import get_score


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_head_learns_own_scores_of_real_and_achieved_scores_of_generated_images(given, real):
    auxiliary = Auxiliary(given, weight=0.5)
    own = real.select(slice(0, 8))
    x, fake = torch.randn(8, 3), 3 * torch.randn(8, 3)
    requested = Condition(own.label, torch.full((8,), 0.123))  # which is not what the head is to learn
    achieved = fake.softmax(dim=1).amax(dim=1)
    truth = auxiliary.log_odds.extended(torch.cat([own.score, achieved]))
    said = auxiliary.head(given.discriminator.features(torch.cat([x, fake]))).squeeze(1)
    expected = 0.5 * (said - truth).square().mean()
    torch.testing.assert_close(auxiliary.discriminator_loss(x, own, fake, requested, rng()), expected)


def test_the_generator_is_led_to_what_the_head_takes_for_the_score_requested(given):
    auxiliary = Auxiliary(given, weight=0.5)
    fake = torch.randn(8, 3, requires_grad=True)
    requested = Condition(torch.zeros(8, dtype=torch.int64), torch.linspace(0.4, 0.9, 8))
    loss = auxiliary.generator_loss(fake, requested, rng())
    said = auxiliary.head(given.discriminator.features(fake)).squeeze(1)
    torch.testing.assert_close(loss, 0.5 * (said - auxiliary.log_odds.extended(requested.score)).square())
    assert torch.autograd.grad(loss.sum(), fake)[0].abs().sum() > 0


def test_it_brings_a_head_and_nothing_else_to_be_trained(given):
    learned = [name for name, weight in Auxiliary(given).named_parameters() if weight.requires_grad]
    assert learned == ["head.weight", "head.bias"]


def test_of_two_scores_it_learns_and_leads_by_both(given, real):
    score = get_score("msp", "margin")
    auxiliary = Auxiliary(replace(given, score=score, real=real._replace(second=torch.linspace(0, 1, len(real.score)))))
    own = auxiliary.given.real.select(slice(0, 8))
    x, fake = torch.randn(8, 3), 3 * torch.randn(8, 3)
    truth = torch.stack(
        [torch.cat([own.score, score(fake, own.label)]), torch.cat([own.second, score.second(fake, own.label)])]
    )
    odds = torch.stack([LogOdds(c).extended(t) for c, t in zip(auxiliary.given.real[1::2], truth, strict=True)], dim=1)
    said = auxiliary.head(given.discriminator.features(torch.cat([x, fake])))
    expected = (said - odds).square().mean(dim=0).sum()
    torch.testing.assert_close(auxiliary.discriminator_loss(x, own, fake, own, rng()), expected)
    led = (said - odds)[:8].square().sum(dim=1)
    torch.testing.assert_close(auxiliary.generator_loss(x, own, rng()), led)
