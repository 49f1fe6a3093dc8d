import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from uqgen.data.low_pass import LowPass


def expected(image: np.ndarray, sigma: float, block: int) -> np.ndarray:
    blurred = gaussian_filter(image, sigma, mode="mirror", truncate=4)
    return blurred.reshape(len(image) // block, block, -1, block).mean(axis=(1, 3))


@pytest.mark.parametrize(("size", "sigma", "block"), [(32, 1.0, 2), (28, 1.0, 2), (64, 2.0, 4)])
def test_they_are_scipys_gaussian_and_averages_of_blocks(size, sigma, block):
    images = torch.rand(3, 2, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = LowPass()(images).view(3, 2, size // block, size // block)
    for ours, image in zip(found.flatten(0, 1).numpy(), images.flatten(0, 1).numpy(), strict=True):
        np.testing.assert_allclose(ours, expected(image.astype(np.float64), sigma, block), atol=2e-4)


@pytest.mark.parametrize("size", [8, 16, 28, 32, 64, 100, 224])
def test_a_flat_image_stays_flat_and_large_ones_have_as_many_features_as_those_of_32_pixels(size):
    found = LowPass()(torch.full((2, 1, size, size), 0.25))
    assert found.shape == (2, min(size // 2, 16) ** 2)
    assert torch.allclose(found, torch.tensor(0.25), atol=1e-6)


def test_fine_noise_hardly_changes_them_and_another_shape_does():
    rng = torch.Generator().manual_seed(0)
    image = torch.full((1, 1, 32, 32), -1.0)
    image[..., 8:24, 14:18] = 1
    noisy, moved = image + 0.2 * torch.randn(image.shape, generator=rng), image.roll(4, dims=3)
    distance = [float((LowPass()(other) - LowPass()(image)).norm()) for other in (noisy, moved)]
    assert 5 * distance[0] < distance[1]
