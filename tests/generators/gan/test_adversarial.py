import math

import pytest
import torch

from uqgen.generators.gan.adversarial import ADVERSARIAL_LOSSES, generator_gradient
from uqgen.generators.gan.stylegan2 import Discriminator

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


def both_gradients(name, group):
    """The generator's gradient by the fakes from the discriminator's pass, and as autograd has it."""
    torch.manual_seed(0)
    loss, n = ADVERSARIAL_LOSSES[name], 8
    discriminator = Discriminator((1, 8, 8), (3,), (4, 3), w_dim=4, mapping_depth=1, features=8, group=group)
    real, fake = 3 * torch.randn(n, 1, 8, 8), (3 * torch.randn(n, 1, 8, 8)).requires_grad_()
    parts = [torch.randn(n, 3)]
    logits, fake_logits = 5 * discriminator(real, parts), 5 * discriminator(fake, parts)  # some fakes are sure ones
    (of_discriminator,) = torch.autograd.grad(loss.discriminator(logits, fake_logits), fake, retain_graph=True)
    of_fake = logits.flip(0)
    (expected,) = torch.autograd.grad(loss.generator(of_fake, fake_logits), fake)
    return generator_gradient(loss, logits, fake_logits, of_fake, of_discriminator), expected


@pytest.mark.parametrize("name", [name for name, loss in ADVERSARIAL_LOSSES.items() if loss.is_steep])
def test_one_pass_through_the_discriminator_holds_the_gradient_of_both_sides(name):
    found, expected = both_gradients(name, group=1)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-6)
    assert expected.abs().max() > 0.01


def test_it_does_not_where_images_are_judged_together():
    found, expected = both_gradients("relativistic", group=4)
    assert not torch.allclose(found, expected, rtol=0.1, atol=1e-3)


def test_the_losses_that_are_steep_rise_with_every_fake_logit():
    for loss in ADVERSARIAL_LOSSES.values():
        fake = torch.tensor([-30.0, 0.0, 30.0], requires_grad=True)
        (slope,) = torch.autograd.grad(loss.discriminator(torch.zeros(3), fake), fake)
        assert loss.is_steep == bool((slope > 0).all())
