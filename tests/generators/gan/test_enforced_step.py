"""How far an enforcement moves generated images in a step of the training."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from uqgen.enforcement.enforcement import Enforcement
from uqgen.files import read_rows
from uqgen.generators.gan.combined_gradient import combined_gradient

BATCH = 8


class Darker(Enforcement):
    """Makes every pixel darker, and trains a weight of its own through the discriminator's optimiser."""

    def __init__(self, bound, warm_up=0):
        super().__init__()
        self.bound, self.warm_up = bound, warm_up
        self.own = torch.nn.Parameter(torch.ones(()))

    def discriminator_loss(self, real, own, fake, requested, rng):
        return self.own.square()

    def generator_loss(self, fake, requested, rng):
        return fake.sum(dim=(1, 2, 3))


def image_gradients(make_gan, train, folder, enforcement):
    """The gradient by the generated images in each step, and the GAN afterwards."""
    gan, seen = make_gan(n_images=4 * BATCH), []
    gan.enforcement = enforcement
    forward = gan.generator.forward

    def spied(*args):
        made = forward(*args)
        made.register_hook(seen.append)
        return made

    gan.generator.forward = spied
    train(gan, folder)
    return seen[len(seen) // 4 - 1 :: len(seen) // 4], gan  # the two parts come before their sum


def test_an_enforcement_moves_each_image_as_far_as_its_bound_allows(make_gan, train, tmp_path):
    (adversarial, *_), _ = image_gradients(make_gan, train, tmp_path / "none", Enforcement())
    (both, *_), gan = image_gradients(make_gan, train, tmp_path / "guidance", Darker(bound=0.5))
    guidance = (both - adversarial).flatten(1)
    torch.testing.assert_close(guidance.norm(dim=1), 0.5 * adversarial.flatten(1).norm(dim=1), rtol=1e-3, atol=1e-7)
    assert guidance.std(dim=1).max() < 1e-3 * guidance.abs().max()  # every pixel alike
    assert gan.enforcement.own < 1
    (row, *_) = read_rows(tmp_path / "guidance" / "history.csv")
    assert {"d_enforcement", "g_enforcement"} <= row.keys()


def test_the_guidance_gradient_grows_over_its_warm_up(make_gan, train, tmp_path):
    none, _ = image_gradients(make_gan, train, tmp_path / "none", Enforcement())
    warm, _ = image_gradients(make_gan, train, tmp_path / "warm", Darker(bound=0.5, warm_up=2 * BATCH))
    torch.testing.assert_close(warm[0], none[0])
    assert not torch.allclose(warm[1], none[1])


class Weak(Darker):
    def generator_loss(self, fake, requested, rng):
        return 1e-3 * fake.sum(dim=(1, 2, 3))


def test_in_fp16_a_small_gradient_does_not_underflow_and_take_the_bound_to_nothing(make_gan):
    gan, scaler = make_gan(), SimpleNamespace(get_scale=lambda: 2.0**16)
    gan.enforcement = Weak(bound=0.5)
    fake = torch.randn(BATCH, 1, 8, 8, requires_grad=True)
    # A discriminator in fp16, by whose images the gradient is below what fp16 holds.
    gan.discriminator.forward = lambda x, parts: (1e-6 * x.half()).float().flatten(1).sum(dim=1) * 1e-3
    gan.loss = replace(gan.loss, generator=lambda real, logits: logits.sum())

    def gradient(loss_scale):
        gan._trainer = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=loss_scale))
        alone = gan._adversarial_gradient(fake, fake, ())
        return combined_gradient(fake, alone, gan._enforced(fake, None, None))

    adversarial = 1e-9
    torch.testing.assert_close(gradient(scaler), torch.full_like(fake, 1.5 * adversarial), rtol=0.05, atol=0)
    assert gradient(None).abs().max() == 0


@pytest.mark.parametrize("name", ["energy", "detail_energy"])
def test_an_energy_score_takes_part_with_its_share_of_the_adversarial_gradient(make_gan, train, tmp_path, name):
    gradients = {}
    for energy in (0.0, 0.5, 1.0):
        gan, seen = make_gan(n_images=BATCH, loss="relativistic", **{name: energy}), []
        if energy == 0:  # the same conditions, two and two
            gan._partners = lambda n: torch.arange(n) // 2 * 2
        forward = gan.generator.forward

        def spied(latent, parts, forward=forward, seen=seen):
            assert parts[0][::2].equal(parts[0][1::2])
            made = forward(latent, parts)
            made.register_hook(seen.append)
            return made

        gan.generator.forward = spied
        train(gan, tmp_path / str(energy))
        gradients[energy] = seen[-1]
    adversarial = gradients[0.0]
    half, whole = gradients[0.5] - adversarial, gradients[1.0] - adversarial
    torch.testing.assert_close(whole, 2 * half, rtol=1e-2, atol=1e-6)
    lengths = [gradient.flatten(1).norm(dim=1).mean().item() for gradient in (whole, adversarial)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-3)
    (row,) = read_rows(tmp_path / "1.0" / "history.csv")
    assert row[name] > 0
