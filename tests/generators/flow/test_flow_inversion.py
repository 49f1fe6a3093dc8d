import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.data.censored import beyond_range
from uqgen.generators.flow import inversion
from uqgen.generators.flow.inversion import FlowInverter
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.latent import Latent

OWN = Condition(torch.tensor([0, 1, 2]), torch.tensor([0.5, 0.7, 0.9]))


class OneHot(Encoding):
    part_dims = (3,)

    def forward(self, condition):
        return (F.one_hot(condition.label, 3).float(),)


class Linear(Velocity):
    """dx/dt = a - x, whose solution is a + (x0 - a) exp(-t); a is the class."""

    def forward(self, x, time, parts, keep=None):
        return self.aim(parts)[:, None, None, None] - x

    @staticmethod
    def aim(parts):
        return parts[0] @ torch.arange(3.0)


class Curved(Velocity):
    """A velocity that depends on everything, with no closed form."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x, time, parts, keep=None):
        turn = torch.cos(4 * time + Linear.aim(parts))[:, None, None, None]
        return 2 * torch.tanh(self.conv(x) * turn) - x


@pytest.fixture
def x():
    return torch.randn(3, 1, 4, 4).clamp(-1, 1)


def test_pixels_at_an_end_are_found_beyond_it(x):
    found = FlowInverter(Linear(), OneHot(3), n_steps=24, as_trained=lambda x: beyond_range(x, 0.1)).invert(x, OWN)
    beyond = torch.where(x.abs() == 1, 1.1 * x, x)
    assert (x.abs() == 1).any()
    assert torch.equal(found.x, x)
    torch.testing.assert_close(found.reconstruction, beyond, rtol=0, atol=5e-3)
    assert found.error.max() < 5e-3


def test_the_noise_under_a_linear_velocity_is_that_of_the_closed_form(x):
    inverter = FlowInverter(Linear(), OneHot(3), n_steps=200)
    found = inverter.invert(x, OWN)
    aim = OWN.label.float().view(3, 1, 1, 1)
    torch.testing.assert_close(found.latent.z, aim + (x - aim) * math.e, rtol=1e-3, atol=1e-3)
    assert found.offset.eq(0).all()
    other = OWN._replace(label=torch.tensor([2, 2, 2]))
    expected = 2 + (found.latent.z - 2) / math.e
    torch.testing.assert_close(inverter.regenerate(found, other), expected, rtol=1e-3, atol=1e-3)


def test_the_error_falls_with_the_square_of_the_steps(x):
    velocity = Curved().requires_grad_(False)
    errors = [float(FlowInverter(velocity, OneHot(3), n).invert(x, OWN).error.mean()) for n in (16, 32, 64)]
    assert errors[1] < errors[0] / 3
    assert errors[2] < errors[1] / 3


def test_the_gradient_by_the_noise_is_that_of_the_closed_form():
    inverter = FlowInverter(Linear(), OneHot(3), n_steps=100)
    noise = torch.randn(3, 1, 4, 4, requires_grad=True)
    made = inverter.decode(noise, Latent(noise), inverter.encoding(OWN))
    (gradient,) = torch.autograd.grad(made.sum(), noise)
    torch.testing.assert_close(gradient, torch.full_like(noise, math.exp(-1)), rtol=1e-3, atol=1e-3)


def test_the_way_from_noise_to_noise_is_an_arc():
    inverter = FlowInverter(Linear(), OneHot(3), n_steps=2)
    codes = torch.randn(2, 1, 64, 64)
    led = inverter.mix(codes, torch.linspace(0, 1, 3))
    torch.testing.assert_close(led[[0, 2]], codes)
    assert abs(float(led[1].std()) - 1) < 0.05


def test_a_gradient_is_the_same_whether_activations_are_kept_or_computed_anew(monkeypatch):
    noise = torch.randn(3, 1, 4, 4, requires_grad=True)
    inverter = FlowInverter(Curved(), OneHot(3), n_steps=6)

    def gradient(kept):
        monkeypatch.setattr(inversion, "KEPT", kept)
        made = inverter.decode(noise, Latent(noise), inverter.encoding(OWN))
        return torch.autograd.grad(made.square().sum(), noise)[0]

    torch.testing.assert_close(gradient(noise.numel()), gradient(0))
