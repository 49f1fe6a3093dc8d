import pytest
import torch
from scipy.ndimage import gaussian_filter
from small_stylegan2 import PART_DIMS, SMALL, parts, rng

from uqgen.generators.gan.stylegan2 import Generator
from uqgen.generators.gan.stylegan2.low_pass import LEAST_WIDTH, LowPass


def of_widths(*pixels):
    """A filter and a style for each width: the hypotenuse of x and the least width is the width."""
    low_pass = LowPass(1, size=48)
    torch.nn.init.ones_(low_pass.affine.weight)
    return low_pass, (torch.tensor(pixels).square() - LEAST_WIDTH**2).sqrt()[:, None]


def digits(n):
    """Images with an edge of zeros that is as wide as any of the filters here reaches."""
    return torch.nn.functional.pad(torch.randn(n, 2, 8, 8, generator=rng()), (20, 20, 20, 20))


def test_each_image_is_filtered_as_wide_as_its_style_says():
    widths = (0.7, 1.5, 3.0)
    low_pass, style = of_widths(*widths)
    assert low_pass.width(style).tolist() == pytest.approx(widths)
    images = digits(3)
    found = low_pass(images, style)
    for image, width, filtered in zip(images, widths, found, strict=True):
        expected = gaussian_filter(image.numpy(), (0, width, width), truncate=18 / width)
        torch.testing.assert_close(filtered, torch.from_numpy(expected), atol=2e-5, rtol=1e-4)


def test_the_narrowest_filter_leaves_an_image_nearly_as_it_is_and_still_learns():
    low_pass, style = of_widths(LEAST_WIDTH + 0.01)
    found = low_pass(digits(1), style)
    assert (found - digits(1)).abs().max() < 0.05 * digits(1).abs().max()
    (found * digits(1)).sum().backward()
    assert low_pass.affine.bias.grad.abs() > 0.01 * digits(1).square().sum()


def test_an_even_image_stays_even_up_to_its_edges():
    low_pass, style = of_widths(4.0)
    torch.testing.assert_close(low_pass(torch.full((1, 1, 48, 48), 0.3), style), torch.full((1, 1, 48, 48), 0.3))


def test_the_width_is_learnt():
    low_pass, style = of_widths(1.0)
    wanted = gaussian_filter(digits(1).numpy(), (0, 0, 2.0, 2.0))
    optimizer = torch.optim.Adam(low_pass.parameters(), 0.05)
    for _ in range(100):
        optimizer.zero_grad()
        (low_pass(digits(1), style) - torch.from_numpy(wanted)).square().mean().backward()
        optimizer.step()
    assert low_pass.width(style).item() == pytest.approx(2.0, rel=0.02)


def test_a_generator_filters_what_it_makes_without():
    generator = Generator((1, 16, 16), PART_DIMS, (6, 5, 4), latent_dim=7, low_pass=True, **SMALL).eval()
    latent = generator.draw_latent(3, rng())
    styles = generator.styles(generator.layerwise_w(latent, parts(3)))
    images, low_pass = generator(latent, parts(3)), generator.low_pass
    generator.low_pass = None
    assert images.equal(low_pass(generator(latent, parts(3)), styles[-1]))
