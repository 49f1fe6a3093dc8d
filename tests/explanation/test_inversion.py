from types import SimpleNamespace

import pytest
import torch

from uqgen.explanation.inversion import at_code, invert, regenerate, rescored
from uqgen.generators.ema import EMA
from uqgen.generators.gan.mlp import MLPGenerator
from uqgen.settings import SettingError


def test_an_image_that_the_generator_made_is_found_again(small):
    made = at_code(small.gan, small.latent, small.own)
    found = invert(small.gan, made.x, small.own, n_steps=100, seed=0)
    assert made.x.abs().max() < 1
    assert found.error.max() < 0.01 * made.x.std() / 2
    torch.testing.assert_close(regenerate(small.gan, found, small.own), found.reconstruction)


def test_images_are_found_each_for_itself(small):
    made = at_code(small.gan, small.latent, small.own)
    together = invert(small.gan, made.x, small.own, n_steps=3, seed=0)
    other = made.x.clone()
    other[1] = 0
    beside = invert(small.gan, other, small.own, n_steps=3, seed=0)
    torch.testing.assert_close(beside.reconstruction[0], together.reconstruction[0])
    assert not torch.allclose(beside.reconstruction[1], together.reconstruction[1])


def test_the_error_is_that_of_pixels_between_0_and_1(small):
    made = at_code(small.gan, small.latent, small.own)
    x = made.reconstruction.clamp(-1, 1)
    shifted = SimpleNamespace(x=x - 0.5, reconstruction=made.reconstruction)
    torch.testing.assert_close(type(made).error.fget(shifted), torch.full((3,), 0.25))


def test_the_own_score_keeps_the_own_vector_and_another_flattens_it(small):
    same = rescored(small.gan, small.own, small.own.score)
    assert same.probabilities.equal(small.own.probabilities)
    flat = rescored(small.gan, small.own, torch.full((3,), 0.5))
    torch.testing.assert_close(flat.probabilities.amax(dim=1), torch.full((3,), 0.5), rtol=0, atol=1e-3)
    assert flat.probabilities.argsort(dim=1).equal(small.own.probabilities.argsort(dim=1))
    assert flat.label.equal(small.own.label)


def test_a_generator_without_w_is_refused(small):
    small.gan.ema = EMA(MLPGenerator((2,), (3,), latent_dim=3, hidden=4, depth=2), 1)
    with pytest.raises(SettingError, match=r"^gan=MLPGenerator: allowed: a generator with W"):
        invert(small.gan, torch.zeros(3, 1, 8, 8), small.own, n_steps=1, seed=0)
