from dataclasses import replace

import pytest
import torch
from small_stylegan2 import PART_DIMS, SMALL, parts, rng, small_discriminator

from uqgen.generators.gan.stylegan2 import Discriminator, Generator
from uqgen.generators.gan.stylegan2.generator import Mapping, SynthesisLayer
from uqgen.generators.gan.stylegan2.sizes import base_size, small_channels
from uqgen.generators.latent import Latent, StyleMix
from uqgen.settings import SettingError


def with_noise(generator):
    """Noise starts without strength; give it some in every image, as training does in noisy ones."""
    for layer in generator.layers:
        torch.nn.init.constant_(layer.noise_strength, 0.5)
        torch.nn.init.zeros_(layer.noise_gate.weight)
    return generator


@pytest.fixture
def generator():
    return with_noise(Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, **SMALL)).eval()


@pytest.mark.parametrize(
    ("shape", "channels", "base"),
    [
        ((1, 28, 28), (4, 4, 4), 7),
        ((1, 32, 32), (5, 4, 3, 2), 4),
        ((3, 64, 64), (4, 4, 4, 4, 4), 4),
        ((1, 24, 24), (4, 4, 4), 6),
        ((3, 20, 20), (4, 4, 4), 5),
        ((2, 4, 4), (4,), 4),
    ],
)
def test_images_have_the_shape_requested_and_the_discriminator_takes_them(shape, channels, base):
    generator = Generator(shape, PART_DIMS, channels, latent_dim=7, **SMALL)
    latent = generator.draw_latent(3, rng())
    images = generator(latent, parts(3))
    assert base_size(shape, channels) == generator.constant.shape[2] == base
    assert images.shape == (3, *shape)
    assert images.dtype == torch.float32
    assert Discriminator(shape, PART_DIMS, channels, **SMALL)(images, parts(3)).shape == (3,)
    assert generator.n_layers == len(latent.noise) == 2 * len(channels) - 1


@pytest.mark.parametrize(
    ("size", "channels"),
    [(8, [64, 48]), (14, [64, 48]), (28, [64, 48, 32]), (32, [64, 48, 32, 16]), (128, [64, 48, 32, 16, 16, 16])],
)
def test_channels_follow_from_the_size_of_the_images(size, channels):
    assert small_channels((3, size, size)) == channels
    assert 4 <= base_size((3, size, size), channels) <= 7
    widths = [layer.conv.weight.shape[0] for layer in Generator((3, size, size), PART_DIMS).layers]
    assert widths[:1] + widths[2::2] == channels


@pytest.mark.parametrize("network", [Generator, Discriminator])
@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((1, 32, 32), (4, 4, 4)),  # would start at 8
        ((1, 32, 32), (4, 4, 4, 4, 4)),  # would start at 2
        ((1, 30, 30), (4, 4, 4)),  # would start at 7.5
        ((1, 28, 32), (4, 4, 4)),
        ((1, 32, 32), ()),
        ((1, 32, 32), (4, 4, 4, 0)),
        ((1, 32, 32), (4, 4, 4, 2.5)),
    ],
)
def test_sizes_that_do_not_fit_are_refused(network, shape, channels):
    with pytest.raises(SettingError, match=r"^channels="):
        network(shape, PART_DIMS, channels, **SMALL)


@pytest.mark.parametrize("network", [Generator, Discriminator])
def test_points_are_refused_with_what_takes_them(network):
    with pytest.raises(SettingError, match="model=gan_mlp"):
        network((2,), PART_DIMS, (4, 4))


@pytest.mark.parametrize(
    ("network", "setting"),
    [
        (Generator, {"latent_dim": 0}),
        (Generator, {"w_dim": 0}),
        (Generator, {"mapping_depth": 0}),
        (Generator, {"mapping_lr_multiplier": 0}),
        (Discriminator, {"w_dim": 0}),
        (Discriminator, {"mapping_depth": 0}),
        (Discriminator, {"mapping_lr_multiplier": -1}),
        (Discriminator, {"features": 0}),
        (Discriminator, {"group": 0}),
    ],
)
def test_settings_out_of_range_are_refused(network, setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}="):
        network((1, 16, 16), PART_DIMS, (4, 4, 4), **setting)


def test_the_same_latent_and_condition_make_the_same_image(generator):
    latent = generator.draw_latent(3, rng())
    first = generator(latent, parts(3))
    torch.rand(5)
    assert generator(latent, parts(3)).equal(first)
    assert generator(generator.draw_latent(3, rng()), parts(3)).equal(first)


def test_z_noise_and_condition_each_make_a_difference(generator):
    latent, other = generator.draw_latent(3, rng(0)), generator.draw_latent(3, rng(1))
    image = generator(latent, parts(3))
    changed = [
        generator(replace(latent, z=other.z), parts(3)),
        generator(latent, (parts(3)[0], parts(3, seed=1)[1])),
        generator(latent, (parts(3, seed=1)[0], parts(3)[1])),
    ]
    for layer in range(generator.n_layers):
        noise = list(latent.noise)
        noise[layer] = other.noise[layer]
        changed.append(generator(replace(latent, noise=tuple(noise)), parts(3)))
    for images in changed:
        assert ((images - image).flatten(1).norm(dim=1) > 1e-3).all()


def test_an_image_does_not_depend_on_the_others_in_its_batch(generator):
    latent = generator.draw_latent(5, rng())
    together = generator(latent, parts(5))
    for n in range(5):
        alone = generator(latent.select(slice(n, n + 1)), tuple(part[n : n + 1] for part in parts(5)))
        torch.testing.assert_close(alone, together[n : n + 1], atol=1e-5, rtol=1e-5)


def test_noise_starts_without_strength():
    generator = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, **SMALL)
    latent = generator.draw_latent(2, rng())
    assert generator(latent, parts(2)).equal(
        generator(Latent(latent.z, generator.draw_latent(2, rng(1)).noise), parts(2))
    )


def test_the_style_shuts_the_noise_out_and_opens_it():
    layer = SynthesisLayer(3, 2, w_dim=8, up=False)
    torch.nn.init.constant_(layer.noise_strength, 0.5)
    x, noise = torch.randn(2, 3, 4, 4, generator=rng()), torch.randn(2, 1, 4, 4, generator=rng(1))
    none, style = torch.zeros_like(noise), torch.tensor([[-1.0, 0, 0], [1, 0, 0]])
    layer.noise_gate.weight.data[0, 0] = 2  # scaled by the root of 3, and 1 is added
    shut, opened = (layer(x, style, noise) - layer(x, style, none)).flatten(1).norm(dim=1)
    assert shut == 0
    assert opened > 0.1


def test_weights_of_before_noise_was_gated_make_the_same_images(generator):
    state = generator.state_dict()
    earlier = {name: value for name, value in state.items() if "noise_gate" not in name}
    assert len(earlier) < len(state)
    again = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, **SMALL).eval()
    for layer in again.layers:
        torch.nn.init.normal_(layer.noise_gate.weight)
    again.load_state_dict(earlier)
    latent = generator.draw_latent(2, rng())
    assert again(latent, parts(2)).equal(generator(latent, parts(2)))


def test_latents_are_standard_normal_at_every_resolution(generator):
    latent = generator.draw_latent(2000, rng())
    assert latent.z.shape == (2000, 7)
    assert [tuple(noise.shape[1:]) for noise in latent.noise] == [(1, n, n) for n in (4, 8, 8, 16, 16)]
    for drawn in (latent.z, *latent.noise):
        assert drawn.mean().item() == pytest.approx(0, abs=0.04)
        assert drawn.std().item() == pytest.approx(1, abs=0.03)


def test_images_start_at_the_scale_of_pixels():
    generator = Generator((1, 32, 32), PART_DIMS, (32, 32, 32, 32), latent_dim=32, w_dim=32)
    images = generator(generator.draw_latent(64, rng()), parts(64))
    # The skip connections add up one output of unit scale for each of four resolutions.
    assert 0.5 < images.std() < 3


def test_weights_of_an_earlier_version_may_hold_a_mean_w(generator):
    earlier = generator.state_dict() | {"mapping.mean_w": torch.zeros(8)}
    generator.load_state_dict(earlier)


def test_mapping_sees_the_direction_of_z_alone():
    mapping = Mapping(PART_DIMS, 7, 8, 2, 0.1).eval()
    z = torch.randn(5, 7)
    torch.testing.assert_close(mapping(z * 30, parts(5)), mapping(z, parts(5)), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("latent_dim", [4, 64, 512])
@pytest.mark.parametrize("part_dims", [(3,), (10, 20, 10)])
def test_z_and_condition_move_w_alike_however_wide_they_are(latent_dim, part_dims):
    mapping = Mapping(part_dims, latent_dim, 512, 1, 1.0).eval()
    z, parts = torch.randn(2000, latent_dim), [torch.randn(2000, width) for width in part_dims]
    fixed = [part[:1].expand(2000, -1) for part in parts]
    with torch.no_grad():
        by_z, by_condition = (
            mapping(z, fixed).var(dim=0).mean(),
            mapping(z[:1].expand(2000, -1), parts).var(dim=0).mean(),
        )
    assert (by_z / by_condition).item() == pytest.approx(1, rel=0.25)


def test_a_second_z_takes_over_from_its_layer_on(generator):
    latent, second = generator.draw_latent(6, rng(0)), generator.draw_latent(6, rng(1)).z
    own, others = generator.mapping(latent.z, parts(6)), generator.mapping(second, parts(6))
    from_layer = torch.arange(6)  # of 5 layers: from the very first to never
    w = generator.layerwise_w(replace(latent, mix=StyleMix(second, from_layer)), parts(6))
    assert w.shape == (5, 6, 8)
    for layer in range(5):
        for image in range(6):
            expected = others[image] if layer >= from_layer[image] else own[image]
            torch.testing.assert_close(w[layer, image], expected)
    without = generator.layerwise_w(latent, parts(6))
    assert all(of_layer.equal(own) for of_layer in without)


def test_each_layer_follows_its_own_w(generator):
    w = generator.layerwise_w(generator.draw_latent(2, rng()), parts(2)).detach().clone().requires_grad_(True)
    noise = generator.draw_latent(2, rng()).noise
    (gradient,) = torch.autograd.grad(generator.synthesise(w, noise).square().sum(), w)
    assert (gradient.norm(dim=2) > 0).all()


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_styles_are_mixed_as_often_as_requested_from_any_layer_but_the_first(generator, probability):
    n = 20_000
    mix = generator.draw_mix(n, probability, rng())
    mixed = mix.from_layer[mix.from_layer < 5]
    assert mix.z.shape == (n, 7)
    assert mix.from_layer.max() <= 5
    assert len(mixed) / n == pytest.approx(probability, abs=0.015)
    if probability:
        shares = mixed.bincount(minlength=5) / len(mixed)
        assert shares.tolist() == pytest.approx([0, 0.25, 0.25, 0.25, 0.25], abs=0.03)


def test_every_weight_of_both_networks_learns():
    generator = with_noise(Generator((3, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, **SMALL))
    discriminator = Discriminator((3, 16, 16), PART_DIMS, (6, 5, 4), **SMALL)
    discriminator(generator(generator.draw_latent(4, rng()), parts(4)), parts(4)).sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.any(), name


def test_both_networks_return_fp32_under_autocast(generator):
    discriminator = small_discriminator()
    latent = generator.draw_latent(4, rng())
    exact = generator(latent, parts(4))
    computed_in = []
    for layer in (discriminator.hidden, discriminator.project, discriminator.out):
        layer.register_forward_hook(lambda _layer, _inputs, output: computed_in.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        images = generator(latent, parts(4))
        logits = discriminator(images, parts(4))
    assert images.dtype == logits.dtype == torch.float32
    assert computed_in == [torch.float32] * 3  # the last layers are computed in fp32 throughout
    torch.testing.assert_close(images, exact, atol=0.1, rtol=0.1)


def test_without_noise_z_and_condition_make_the_image():
    generator = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, noise=False, **SMALL).eval()
    latent = generator.draw_latent(2, rng())
    assert latent.noise == ()
    assert not [name for name, _ in generator.named_parameters() if "noise" in name]
    loaded = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, noise=False, **SMALL).eval()
    loaded.load_state_dict(generator.state_dict())
    assert loaded(latent, parts(2)).equal(generator(latent, parts(2)))
    with_silent_noise = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, **SMALL).eval()
    with_silent_noise.load_state_dict(generator.state_dict(), strict=False)
    noisy = Latent(latent.z, with_silent_noise.draw_latent(2, rng()).noise)
    assert with_silent_noise(noisy, parts(2)).equal(generator(latent, parts(2)))
