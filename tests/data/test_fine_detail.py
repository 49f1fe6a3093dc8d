import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from uqgen.data.fine_detail import HARDLY_SEEN, FineDetail


def image(seed: int = 0, size: int = 32) -> torch.Tensor:
    return torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_it_is_the_strength_of_what_scipys_gaussian_takes_away():
    images = image()
    for found, x in zip(FineDetail().maps(images)[:, 0].numpy(), images[:, 0].double().numpy(), strict=True):
        detail = (x - gaussian_filter(x, 1.0, mode="mirror", truncate=4)) ** 2
        expected = np.log(detail.reshape(8, 4, 8, 4).mean(axis=(1, 3)) + HARDLY_SEEN)
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("size", [8, 16, 28, 32, 64, 100, 224])
def test_a_flat_image_has_none_whatever_its_size(size):
    found = FineDetail()(torch.full((2, 3, size, size), 0.25))
    assert found.shape == (2, 2 * 3 * min(size // 4, 8) ** 2)
    assert torch.allclose(found.norm(dim=1), -torch.tensor(HARDLY_SEEN).log(), atol=1e-5)


@pytest.mark.parametrize("size", [8, 28, 100])
def test_black_and_white_differ_from_nearly_so_by_all_pixels(size):
    end, nearly = (FineDetail()(torch.full((1, 1, size, size), value)) for value in (-1.0, -0.95))
    assert torch.allclose((end - nearly).norm(), torch.tensor(1.0), atol=1e-5)
    assert torch.equal(end, FineDetail()(torch.full((1, 1, size, size), 1.0)))


def test_half_of_the_pixels_of_one_cell_of_64_off_the_end_count_for_a_sixteenth():
    black = torch.full((1, 1, 32, 32), -1.0)
    hazy = black.clone()
    hazy[..., :4, :2] = -0.97  # too faint for the detail
    assert (FineDetail()(hazy) - FineDetail()(black)).norm().item() == pytest.approx((0.5**2 / 64) ** 0.5, rel=0.02)


def test_what_no_eye_sees_changes_nothing():
    assert torch.equal(*(FineDetail()(torch.full((1, 1, 8, 8), value / 127.5 - 1))[:, 4:] for value in (0.0, 2.0)))


def test_blur_lowers_it_where_it_is_and_nowhere_else():
    images = image()
    half = images.clone()
    half[..., :16] = torch.from_numpy(gaussian_filter(images.numpy(), (0, 0, 2, 2)))[..., :16]
    change = (FineDetail().maps(half) - FineDetail().maps(images))[:, 0]
    assert (change[..., :3] < -2).all()
    assert change[..., 5:].abs().max() < 1e-6
