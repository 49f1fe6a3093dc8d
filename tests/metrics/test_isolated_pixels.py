import pytest
import torch

from uqgen.metrics import Sample
from uqgen.metrics import isolated_pixels as module
from uqgen.metrics.isolated_pixels import VISIBLE, count_isolated, isolated_pixels


def ground(n=1, channels=1, end=0) -> torch.Tensor:
    return torch.full((n, channels, 9, 9), end, dtype=torch.uint8)


def counted(image: torch.Tensor) -> tuple[int, int]:
    isolated, of_ground = count_isolated(image)
    return int(isolated), int(of_ground)


def sample(x: torch.Tensor) -> Sample:
    return Sample(torch.empty(len(x), 0), x, torch.zeros(len(x), dtype=torch.long), torch.ones(len(x)))


@pytest.mark.parametrize("end", [0, 255])
@pytest.mark.parametrize(("row", "column", "around"), [(4, 4, 9), (0, 0, 4), (8, 3, 6)])
def test_a_pixel_that_differs_from_all_around_it_is_isolated(end, row, column, around):
    image = ground(end=end)
    assert counted(image) == (0, 81)
    image[0, 0, row, column] = abs(end - 100)
    assert counted(image) == (1, 81 - around)


def test_a_pixel_beside_another_one_however_faint_is_not_isolated():
    for row, column in ((3, 3), (3, 4), (3, 5), (4, 3), (4, 5), (5, 3), (5, 4), (5, 5)):
        image = ground()
        image[0, 0, 4, 4], image[0, 0, row, column] = 100, 1
        assert counted(image)[0] == 0


def test_a_difference_that_is_not_seen_does_not_count():
    image = ground()
    image[0, 0, 4, 4] = VISIBLE - 1
    assert counted(image)[0] == 0
    image[0, 0, 4, 4] = VISIBLE
    assert counted(image)[0] == 1


def test_a_pixel_of_one_colour_differs_from_black():
    image = ground(channels=3)
    image[0, 2, 4, 4] = 50
    assert counted(image) == (1, 72)
    image[0, 1, 4, 5] = 50
    assert counted(image)[0] == 0


def test_a_grey_image_has_no_ground_and_a_hole_in_a_stroke_is_not_isolated():
    assert counted(torch.full((1, 1, 9, 9), 128, dtype=torch.uint8)) == (0, 0)
    image = torch.full((1, 1, 9, 9), 128, dtype=torch.uint8)
    image[0, 0, 4, 4] = 0
    assert counted(image) == (0, 0)


def test_shares_are_of_the_images_with_ground(monkeypatch):
    monkeypatch.setattr(module, "rows_at_once", lambda images: 64 * module.MAPS)
    spotted, noise = ground(60), torch.randint(1, 256, (500, 1, 9, 9), dtype=torch.uint8)
    spotted[:, 0, 2, 2] = 200
    found = isolated_pixels(sample(torch.cat([spotted, ground(140), noise])), sample(torch.cat([ground(100), noise])))
    assert (found.generated, found.real) == (0.3, 0.0)
    assert found.ratio.low > 2


def test_noise_about_black_is_no_ground_although_pixels_are_isolated_in_it():
    noise = (torch.randn(200, 1, 28, 28).clamp(min=0) * 60).round().to(torch.uint8)
    assert (count_isolated(noise)[0] > 0).float().mean() > 0.5
    assert isolated_pixels(sample(noise), sample(noise)) is None
