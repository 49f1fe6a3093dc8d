import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from uqgen.data.gaussian import gaussian_blur


@pytest.mark.parametrize(("shape", "sigma"), [((2, 3, 32, 32), 1.0), ((1, 1, 9, 20), 1.5), ((1, 1, 224, 64), 7.0)])
def test_it_is_scipys(shape, sigma):
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = gaussian_filter(images.double().numpy(), (0, 0, sigma, sigma), mode="mirror", truncate=4)
    np.testing.assert_allclose(gaussian_blur(images, sigma).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_flat_images_stay_so_however_small(size):
    flat = torch.full((1, 1, size, size), 0.25)
    torch.testing.assert_close(gaussian_blur(flat, 2.0), flat)


def test_it_stays_in_single_precision_under_autocast():
    images = torch.rand(1, 1, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found = gaussian_blur(images, 1.0)
    assert torch.equal(found, gaussian_blur(images, 1.0))


def test_it_is_differentiable_after_it_was_used_in_inference_mode():
    images = torch.rand(1, 1, 13, 13, requires_grad=True)
    with torch.inference_mode():
        gaussian_blur(images.detach(), 1.0)
    gaussian_blur(images, 1.0).sum().backward()
    torch.testing.assert_close(images.grad.sum(), torch.tensor(13.0 * 13))
