import pytest
import torch
from torch.nn import functional as F

from uqgen.data.low_pass import LowPass
from uqgen.generators.gan.energy_score import detail_score, energy_score


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_of_points_it_is_the_formula():
    real, generated = torch.randn(5, 3), torch.randn(10, 3)
    expected = sum(
        ((x - y).norm() + (x - z).norm() - (y - z).norm()) / 2
        for x, y, z in zip(real, generated[::2], generated[1::2], strict=True)
    )
    assert energy_score(real, generated).item() == pytest.approx(expected.item() / 5, abs=1e-2)


@pytest.mark.parametrize("other", [0.0, 0.5, 2.0])
def test_it_is_least_for_the_distribution_of_the_data(other):
    n, shape = 4_000, (1, 8, 8)
    blobs = F.interpolate(torch.randn(3 * n, 1, 2, 2, generator=rng()), size=8).mul(0.3)
    real, generated = blobs[:n], blobs[n:]
    assert generated.shape == (2 * n, *shape)
    assert energy_score(real, generated) < energy_score(real, other * generated) - 0.01
    assert energy_score(real, generated) < energy_score(real, generated + 0.2) - 0.01


def test_of_detail_it_is_least_for_images_as_noisy_as_real_ones_and_evenly():
    n = 2_000
    strength = torch.rand(3 * n, 1, 1, 1, generator=rng(1))  # of each image's noise
    noisy = strength * torch.randn(3 * n, 1, 16, 16, generator=rng())
    real, generated = noisy[:n], noisy[n:]
    one_half = torch.where(torch.arange(16) < 8, 2 * generated, 0 * generated)
    for worse in (0.5 * generated, one_half, generated / strength[n:] / 2):
        assert detail_score(real, generated) < detail_score(real, worse) - 0.01


def test_its_gradient_drives_two_images_of_one_condition_apart_and_is_finite_where_they_are_the_same():
    real = torch.zeros(1, 2)
    generated = torch.tensor([[1.0, 0.1], [1.0, -0.1]], requires_grad=True)
    (slope,) = torch.autograd.grad(energy_score(real, generated), generated)
    assert slope[0, 1] < 0 < slope[1, 1]  # a step against it moves them apart
    assert (slope[:, 0] > 0).all()  # and both towards the data
    same = torch.zeros(2, 1, 8, 8, requires_grad=True)
    (slope,) = torch.autograd.grad(energy_score(torch.ones(1, 1, 8, 8), same), same)
    assert slope.isfinite().all()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (3, 64, 64)])
def test_images_of_every_size_and_colour(shape):
    real, generated = torch.randn(2, *shape).clamp(-1, 1), torch.randn(4, *shape).clamp(-1, 1)
    assert energy_score(real, generated).item() > 0


def test_of_images_it_is_the_formula_in_windows_of_low_pass_pixels():
    real, generated = torch.rand(3, 1, 16, 16, generator=rng()), torch.rand(6, 1, 16, 16, generator=rng(1))
    expected = 0.0
    for size in (8, 4, 2):  # of the 8 low-pass pixels along a side
        x, yz = (F.unfold(LowPass().maps(images), size, stride=size) for images in (real, generated))
        y, z = yz[::2], yz[1::2]
        distances = ((x - y).norm(dim=1) + (x - z).norm(dim=1) - (y - z).norm(dim=1)) / 2
        expected += distances.mean().item()
    assert energy_score(real, generated).item() == pytest.approx(expected, abs=2e-3)
