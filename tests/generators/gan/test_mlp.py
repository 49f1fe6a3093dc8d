import pytest
import torch
import torch.nn.functional as F
from torch import nn

from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator, fully_connected
from uqgen.settings import SettingError

PARTS = (torch.randn(6, 3), torch.randn(6, 1))


def by_hand(network, x):
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    for layer in linear[:-1]:
        x = F.leaky_relu(x @ layer.weight.T + layer.bias, 0.2)
    return x @ linear[-1].weight.T + linear[-1].bias


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_features_are_the_last_hidden_layer_whatever_the_condition():
    discriminator = MLPDiscriminator((2,), (3, 1), hidden=7, depth=4)
    x = torch.randn(6, 2)
    features = discriminator.features(x)
    assert features.shape == (6, discriminator.n_features) == (6, 7)
    zeros = tuple(torch.zeros_like(part) for part in PARTS)
    torch.testing.assert_close(discriminator.layers[-1](features).squeeze(1), discriminator(x, zeros))


def test_depth_counts_every_layer():
    linear = [layer for layer in fully_connected(4, 2, 16, 5) if isinstance(layer, nn.Linear)]
    widths = [(layer.in_features, layer.out_features) for layer in linear]
    assert widths == [(4, 16), (16, 16), (16, 16), (16, 16), (16, 2)]


def test_the_generator_is_the_papers():
    generator = MLPGenerator((2,), (3, 1))
    linear = [layer for layer in generator.modules() if isinstance(layer, nn.Linear)]
    assert (len(linear), linear[0].in_features, linear[-1].out_features) == (5, 8 + 3 + 1, 2)


def test_generator_and_discriminator_are_fully_connected_over_the_concatenation():
    generator = MLPGenerator((2,), (3, 1), latent_dim=4, hidden=7, depth=3)
    discriminator = MLPDiscriminator((2,), (3, 1), hidden=7, depth=4)
    latent = generator.draw_latent(6, rng())
    torch.testing.assert_close(generator(latent, PARTS), by_hand(generator, torch.cat([latent.z, *PARTS], dim=1)))
    points = torch.randn(6, 2)
    logits = discriminator(points, PARTS)
    torch.testing.assert_close(logits, by_hand(discriminator, torch.cat([points, *PARTS], dim=1))[:, 0])
    assert logits.shape == (6,)


def test_latents_are_standard_normal_and_follow_their_generator():
    generator = MLPGenerator((2,), (3,), latent_dim=8)
    latent = generator.draw_latent(20_000, rng())
    assert (latent.z.shape, latent.noise) == ((20_000, 8), ())
    assert latent.z.mean().item() == pytest.approx(0, abs=0.02)
    assert latent.z.std().item() == pytest.approx(1, abs=0.02)
    assert generator.draw_latent(5, rng(1)).z.equal(generator.draw_latent(5, rng(1)).z)
    assert not generator.draw_latent(5, rng(1)).z.equal(generator.draw_latent(5, rng(2)).z)


@pytest.mark.parametrize(
    ("network", "setting"),
    [
        (MLPGenerator, {"hidden": 0}),
        (MLPGenerator, {"depth": 1}),
        (MLPGenerator, {"latent_dim": 0}),
        (MLPDiscriminator, {"hidden": 0}),
        (MLPDiscriminator, {"depth": 1}),
    ],
)
def test_settings_out_of_range_are_refused(network, setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}="):
        network((2,), (3,), **setting)


@pytest.mark.parametrize("network", [MLPGenerator, MLPDiscriminator])
def test_images_are_refused_with_what_takes_them(network):
    with pytest.raises(SettingError, match="model=gan"):
        network((1, 32, 32), (3,))
