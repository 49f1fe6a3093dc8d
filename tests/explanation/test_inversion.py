from itertools import combinations
from types import SimpleNamespace

import pytest
import torch

from uqgen.generators import inversion
from uqgen.generators.ema import EMA
from uqgen.generators.flow.inversion import of_band
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


@pytest.mark.parametrize("n_steps", range(1, 13))
@pytest.mark.parametrize("small", ["gan"], indirect=True)
def test_a_search_has_any_number_of_steps(small, n_steps):
    found = small.model.inverter(n_steps).invert(small.known.x, small.own)
    assert found.reconstruction.isfinite().all()


def test_many_images_are_found_a_few_at_a_time(small, monkeypatch):
    inverter = small.model.inverter(n_steps=3)
    together = inverter.invert(small.known.x, small.own)
    monkeypatch.setattr(inversion, "AT_ONCE", 2)
    a_few = inverter.invert(small.known.x, small.own)
    torch.testing.assert_close(a_few.latent.z, together.latent.z, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(a_few.reconstruction, together.reconstruction, rtol=1e-3, atol=1e-3)


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


def test_aspects_are_projections_that_share_nothing(small):
    change = torch.randn(small.known.offset.shape)
    parts = {name: within(change) for name, within in small.inverter.aspects.items()}
    assert len(parts) >= 2
    for name, part in parts.items():
        assert part.abs().max() > 0.1
        torch.testing.assert_close(small.inverter.aspects[name](part), part)
    products = [(a * b).sum().item() for a, b in combinations(parts.values(), 2)]
    assert products == pytest.approx([0] * len(products), abs=1e-4)


@pytest.mark.parametrize("small", ["gan"], indirect=True)
def test_the_layers_of_every_resolution_make_up_a_code(small):
    change = torch.randn(small.known.offset.shape)
    assert list(small.inverter.aspects) == ["layers at 4 pixels", "layers at 8 pixels"]
    torch.testing.assert_close(sum(within(change) for within in small.inverter.aspects.values()), change)


def test_a_band_has_the_waves_that_are_its_own():
    place = torch.arange(16) / 16 * 2 * torch.pi
    slow, fast = (torch.cos(n * place).expand(1, 1, 16, 16) for n in (3, 5))
    torch.testing.assert_close(of_band(0, 4, slow + fast), slow, rtol=0, atol=1e-5)
    torch.testing.assert_close(of_band(4, 8, slow + fast), fast, rtol=0, atol=1e-5)
