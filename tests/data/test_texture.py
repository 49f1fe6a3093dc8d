import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, grey_opening

from uqgen.data.texture import ALIKE, CORRELATION_WEIGHT, HARDLY_SEEN, Texture, top_hat


def noise(size: int = 32, seed: int = 0, n: int = 2) -> torch.Tensor:
    return torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_top_hat_is_scipys():
    images = noise()
    for found, x in zip(top_hat(images)[:, 0].numpy(), images[:, 0].numpy(), strict=True):
        # scipy sets an even square off to one side for the erosion and to the other for the dilation.
        expected = x - grey_opening(x, size=(2, 2), mode="constant", cval=np.inf)
        np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-6)


def test_a_stroke_two_pixels_wide_has_no_top_hat_and_a_dot_is_its_own():
    images = torch.full((2, 1, 16, 16), -1.0)
    images[0, 0, :, 7:9] = 1.0
    images[1, 0, 4, 5] = 0.5
    found = top_hat(images)
    assert not found[0].any()
    assert torch.equal(found[1], images[1] + 1)


def test_the_strength_and_the_correlations_are_numpys():
    images = noise(seed=1)
    for found, x in zip(Texture()(images).numpy(), images[:, 0].double().numpy(), strict=True):
        detail = x - gaussian_filter(x, 1.0, mode="mirror", truncate=4)
        strength = (detail**2).mean() + HARDLY_SEEN
        pairs = [(detail[:, 1:], detail[:, :-1]), (detail[1:], detail[:-1]), (detail[1:, 1:], detail[:-1, :-1])]
        pairs.append((detail[1:, :-1], detail[:-1, 1:]))
        assert found[0] == pytest.approx(np.log(strength), abs=1e-3)
        np.testing.assert_allclose(
            found[3:], [CORRELATION_WEIGHT * (a * b).mean() / strength for a, b in pairs], atol=1e-3
        )


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (3, 100, 60)])
def test_a_flat_image_has_none_whatever_its_size(shape):
    found = Texture()(torch.full((2, *shape), 0.25))
    assert torch.allclose(found[:, :3], torch.tensor(HARDLY_SEEN).log(), atol=1e-4)
    assert found[:, 3:].abs().max() < 1e-3


def test_what_no_eye_sees_is_alike_and_noise_that_is_turned_is_not():
    blurred = torch.from_numpy(gaussian_filter(noise(n=8).numpy(), (0, 0, 3, 3)))
    faint = blurred + noise(seed=2, n=8) * 2 / 127.5  # two levels of 256
    assert (Texture()(faint) - Texture()(blurred)).norm(dim=1).max() < ALIKE
    streaks = torch.from_numpy(gaussian_filter(noise(n=8).numpy(), (0, 0, 0, 1)))
    assert (Texture()(streaks) - Texture()(streaks.mT)).norm(dim=1).min() > 4 * ALIKE


def test_a_gradient_is_finite_where_nothing_is_to_be_seen():
    images = torch.full((2, 1, 8, 8), -1.0, requires_grad=True)
    Texture()(images).sum().backward()
    assert images.grad.isfinite().all()
