import torch

from uqgen.conditioning.condition import Condition
from uqgen.enforcement.auxiliary import Auxiliary


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_head_learns_own_scores_of_real_and_obtained_scores_of_generated_images(given, real):
    auxiliary = Auxiliary(given, weight=0.5)
    own = real.select(slice(0, 8))
    x, fake = torch.randn(8, 3), 3 * torch.randn(8, 3)
    asked = Condition(own.label, torch.full((8,), 0.123))  # which is not what the head is to learn
    obtained = fake.softmax(dim=1).amax(dim=1)
    truth = auxiliary.log_odds(torch.cat([own.score, obtained]))
    said = auxiliary.head(given.discriminator.features(torch.cat([x, fake]))).squeeze(1)
    expected = 0.5 * (said - truth).square().mean()
    torch.testing.assert_close(auxiliary.discriminator_loss(x, own, fake, asked, rng()), expected)


def test_the_generator_is_led_to_what_the_head_takes_for_the_score_asked(given):
    auxiliary = Auxiliary(given, weight=0.5)
    fake = torch.randn(8, 3, requires_grad=True)
    asked = Condition(torch.zeros(8, dtype=torch.int64), torch.linspace(0.4, 0.9, 8))
    loss = auxiliary.generator_loss(fake, asked, rng())
    said = auxiliary.head(given.discriminator.features(fake)).squeeze(1)
    torch.testing.assert_close(loss, 0.5 * (said - auxiliary.log_odds(asked.score)).square())
    assert torch.autograd.grad(loss.sum(), fake)[0].abs().sum() > 0


def test_it_brings_a_head_and_nothing_else_to_be_trained(given):
    assert [name for name, _ in Auxiliary(given).named_parameters()] == ["head.weight", "head.bias"]
