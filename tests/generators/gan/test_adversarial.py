import math

import pytest
import torch

from uqgen.generators.gan.adversarial import ADVERSARIAL_LOSSES

LOG_3, LOG_7 = math.log(3), math.log(7)


def losses(name, real, fake):
    loss = ADVERSARIAL_LOSSES[name]
    real, fake = torch.tensor(real), torch.tensor(fake)
    return loss.discriminator(real, fake).item(), loss.generator(real, fake).item()


def test_every_loss_is_tested_here():
    assert ADVERSARIAL_LOSSES.keys() == {"non_saturating", "hinge", "wasserstein", "relativistic"}


@pytest.mark.parametrize(
    ("name", "real", "fake", "discriminator", "generator"),
    [
        # softplus(log(k - 1)) = log k, and softplus(-log(k - 1)) = log k - log(k - 1)
        ("non_saturating", [0.0], [0.0], 2 * math.log(2), math.log(2)),
        ("non_saturating", [LOG_3], [-LOG_3], 2 * math.log(4 / 3), math.log(4)),
        ("non_saturating", [LOG_3, -LOG_3], [LOG_7], math.log(16 / 3) / 2 + math.log(8), math.log(8 / 7)),
        ("hinge", [0.0], [0.0], 2.0, 0.0),
        ("hinge", [1.0, 5.0], [-1.0, -9.0], 0.0, 5.0),
        ("hinge", [-1.0, 2.0], [0.5, -3.0], 1.0 + 0.75, 1.25),
        ("wasserstein", [0.0], [0.0], 0.0, 0.0),
        ("wasserstein", [1.0, 3.0], [-2.0, 1.0], -2.5, 0.5),
        ("relativistic", [2.0], [2.0], math.log(2), math.log(2)),
        ("relativistic", [LOG_3, 1.0], [0.0, 1.0 + LOG_3], math.log(4 / 3 * 4) / 2, math.log(4 / 3 * 4) / 2),
    ],
)
def test_values_by_hand(name, real, fake, discriminator, generator):
    assert losses(name, real, fake) == pytest.approx((discriminator, generator), rel=1e-6)


def test_the_non_saturating_loss_is_the_cross_entropy_of_telling_real_from_fake():
    real, fake = torch.randn(20), torch.randn(20)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    loss = ADVERSARIAL_LOSSES["non_saturating"]
    expected = cross_entropy(real, torch.ones(20)) + cross_entropy(fake, torch.zeros(20))
    torch.testing.assert_close(loss.discriminator(real, fake), expected)
    torch.testing.assert_close(loss.generator(real, fake), cross_entropy(fake, torch.ones(20)))


@pytest.mark.parametrize("name", ["non_saturating", "hinge", "wasserstein", "relativistic"])
def test_the_two_sides_pull_the_logits_apart(name):
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    loss = ADVERSARIAL_LOSSES[name]
    loss.discriminator(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()
    (gradient,) = torch.autograd.grad(loss.generator(real.detach(), fake), fake)
    assert (gradient < 0).all()


@pytest.mark.parametrize("name", ["non_saturating", "hinge", "wasserstein", "relativistic"])
def test_a_hopeless_generator_still_learns(name):
    fake = torch.full((1,), -50.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(ADVERSARIAL_LOSSES[name].generator(torch.zeros(1), fake), fake)
    assert gradient.item() == pytest.approx(-1)
