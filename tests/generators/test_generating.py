"""Images on demand, of a GAN that is there."""

import torch

from uqgen.conditioning.condition import Condition
from uqgen.generators.gan.module import ConditionalGAN


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_generating_is_the_averaged_generators_in_any_chunks(make_gan, train, tmp_path):
    gan = train(make_gan(), tmp_path)
    both = zip(gan.generator.parameters(), gan.ema.module.parameters(), strict=True)
    assert not all(torch.equal(raw, averaged) for raw, averaged in both)
    n = 1203
    latent = gan.draw_latent(n, rng())
    requested = Condition(torch.arange(n) % 3, torch.rand(n))
    images = gan(latent, requested)
    whole = gan.ema.module(latent, gan.encoding(requested)).clamp(-1, 1)
    torch.testing.assert_close(images, whole)
    few = torch.tensor([700, 3, 3])
    alone = gan(latent.select(few), Condition(requested.label[few], requested.score[few]))
    torch.testing.assert_close(alone, images[few])
    assert not images.requires_grad


def test_a_model_learns_from_pixels_beyond_the_range_and_makes_them_within(make_gan, train, tmp_path, monkeypatch):
    seen = []

    def step(self, batch):
        seen.append(batch.x)

    monkeypatch.setattr(ConditionalGAN, "step", step)
    gan = train(make_gan(margin=0.25), tmp_path)
    values = torch.cat(seen).unique()
    assert values.min() == -1.25  # image 0 is black
    assert not ((values > -1.25) & (values < 1 / 127.5 - 1)).any()
    gan.ema.module.image_bias.fill_(-1.2)
    requested = Condition(torch.tensor([0, 1]), torch.tensor([0.5, 0.6]))
    assert gan(gan.draw_latent(2, rng()), requested).min() >= -1


def test_pixels_are_clipped_and_points_are_not(make_gan, make_point_gan):
    requested = Condition(torch.tensor([0, 1]), torch.tensor([0.5, 0.6]))
    gan, point_gan = make_gan(), make_point_gan()
    for value in (50.0, -50.0):
        gan.ema.module.image_bias.fill_(value)
        assert gan(gan.draw_latent(2, rng()), requested).eq(value / 50).all()
        point_gan.ema.module.layers[-1].bias.fill_(value)
        assert point_gan(point_gan.draw_latent(2, rng()), requested).abs().min() > 3
