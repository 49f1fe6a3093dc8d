from types import SimpleNamespace

import pytest
import torch

from uqgen.generators.ema import EMA
from uqgen.generators.gan.mlp import MLPGenerator
from uqgen.settings import SettingError


def test_an_image_that_the_model_made_is_found_again(small):
    found = small.inverter.invert(small.known.x, small.own)
    assert small.known.reconstruction.abs().max() < 1
    assert found.error.max() < 0.01 * small.known.x.std() / 2
    torch.testing.assert_close(small.inverter.regenerate(found, small.own), found.reconstruction)


def test_images_are_found_each_for_itself(small):
    inverter = small.model.inverter(n_steps=3)
    together = inverter.invert(small.known.x, small.own)
    other = small.known.x.clone()
    other[1] = 0
    beside = inverter.invert(other, small.own)
    torch.testing.assert_close(beside.reconstruction[0], together.reconstruction[0])
    assert not torch.allclose(beside.reconstruction[1], together.reconstruction[1])


def test_another_condition_makes_another_image_of_what_was_found(small):
    inverter, order = small.inverter, torch.tensor([1, 2, 0])
    found = inverter.invert(small.known.x, small.own)
    other = inverter.regenerate(found, small.own.select(order))
    parts = small.model.encoding(small.own.select(order))
    expected = inverter.decode(inverter.code(small.known.latent, parts), small.known.latent, parts)
    distance = (other - expected).square().mean().sqrt()
    assert distance < 0.3 * (expected - small.known.x).square().mean().sqrt()


def test_what_is_made_is_the_model_s_alone_whatever_guides_it(small):
    with small.model.guided_by(object()):  # which would fail
        made = small.inverter.regenerate(small.known, small.own)
    torch.testing.assert_close(made, small.known.reconstruction)


def test_the_error_is_that_of_pixels_between_0_and_1(small):
    x = small.known.reconstruction.clamp(-1, 1)
    shifted = SimpleNamespace(x=x - 0.5, reconstruction=small.known.reconstruction)
    torch.testing.assert_close(type(small.known).error.fget(shifted), torch.full((3,), 0.25))


def test_who_selects_gets_every_part_of_the_same_images(small):
    chosen = small.known.select(torch.tensor([2, 0]))
    assert len(chosen) == 2
    made = small.inverter.regenerate(chosen, chosen.own)
    torch.testing.assert_close(made, small.known.reconstruction[[2, 0]])
    torch.testing.assert_close(chosen.reconstruction, made)


@pytest.mark.parametrize("small", ["gan"], indirect=True)
def test_a_generator_that_images_cannot_be_found_in_is_refused(small):
    small.model.ema = EMA(MLPGenerator((2,), (3,), latent_dim=3, hidden=4, depth=2), 1)
    with pytest.raises(SettingError, match=r"^model=MLPGenerator: allowed: one that images are found in"):
        small.model.inverter()


def test_inversions_beside_the_one_found_are_at_an_angle_and_reconstructed_anew(small):
    found = small.known.select(slice(1))
    several = small.inverter.near(found, 4, seed=0)
    z = several.latent.z.flatten(1)
    assert z[0].equal(found.latent.z[0].flatten())
    angle = torch.nn.functional.cosine_similarity(z[1:], z[:1]).acos()
    assert (angle < 1.2).all()
    assert (z[1:] != z[:1]).any(dim=1).all()
    torch.testing.assert_close(several.reconstruction, small.inverter.regenerate(several, several.own))
    torch.testing.assert_close(several.reconstruction[:1], found.reconstruction, rtol=1e-4, atol=1e-4)
    assert not several.reconstruction[1].allclose(several.reconstruction[0], atol=1e-3)
    assert small.inverter.near(found, 4, seed=1).latent.z[1:].ne(several.latent.z[1:]).any()
    assert len(small.inverter.near(found, 1, seed=0)) == 1
