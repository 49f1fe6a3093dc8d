import math

import torch

from uqgen.generators.latent import Latent, spherical

WAY = torch.tensor([0.0, 0.25, 0.5, 1.0])


def test_a_quarter_circle_is_passed_evenly():
    made = spherical(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), WAY)
    angle = WAY * math.pi / 2
    torch.testing.assert_close(made, torch.stack([angle.cos(), angle.sin()], dim=1))


def test_lengths_change_evenly_and_parallel_ends_are_led_straight():
    first = torch.randn(2, 3)
    torch.testing.assert_close(spherical(first, 3 * first, WAY), (1 + 2 * WAY)[:, None, None] * first)
    torch.testing.assert_close(spherical(first, first, WAY), first.expand(4, 2, 3))


def test_normal_noise_stays_as_long_as_it_is_where_the_straight_way_shortens_it():
    ends = torch.randn(2, 1, 64, 64)
    middle = spherical(*ends, torch.tensor([0.5]))
    assert abs(float(middle.std()) - 1) < 0.05
    assert float(ends.mean(dim=0).std()) < 0.75


def test_ends_of_length_0_are_finite():
    assert spherical(torch.zeros(3), torch.zeros(3), WAY).eq(0).all()


def test_latents_are_led_in_every_tensor_on_its_own():
    first, second = (Latent(torch.randn(1, 4), (torch.randn(1, 1, 2, 2), torch.randn(1, 1, 4, 4))) for _ in range(2))
    both = Latent.cat([first, second])
    led = both.between(WAY)
    assert len(led) == 4
    for part, ends in zip((led.z, *led.noise), (both.z, *both.noise), strict=True):
        torch.testing.assert_close(part, spherical(ends[0], ends[1], WAY))
        torch.testing.assert_close(part[[0, -1]], ends)
