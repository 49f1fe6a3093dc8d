import torch

from uqgen.data.censored import beyond_range
from uqgen.data.labelled import to_uint8, unit_range


def test_all_256_levels_come_back_and_the_ends_alone_have_moved():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    moved = beyond_range(unit_range(levels), 0.1)
    assert torch.equal(to_uint8(moved), levels)
    assert moved.min().item() == torch.tensor(-1.1)
    assert moved.max().item() == torch.tensor(1.1)
    assert torch.equal(moved.flatten()[1:-1], unit_range(levels).flatten()[1:-1])


def test_points_have_no_range():
    points = torch.tensor([[-1.0, 3.0]])
    assert torch.equal(beyond_range(points, 0.1), points)


def test_pixels_lie_the_farther_beyond_the_range_the_farther_they_are_from_others():
    image = torch.full((1, 1, 7, 9), -1.0)
    image[0, 0, 2, 1] = 0.3
    rows, columns = (torch.arange(7) - 2).abs()[:, None], (torch.arange(9) - 1).abs()[None]
    distance = torch.maximum(rows, columns).clamp(max=3).float()
    expected = torch.where(distance == 0, 0.3, -1 - 0.1 * distance)
    torch.testing.assert_close(beyond_range(image, 0.1, reach=3)[0, 0], expected)
    torch.testing.assert_close(beyond_range(-image, 0.1, reach=3)[0, 0], -expected)


def test_black_and_white_are_measured_each_by_itself():
    image = torch.tensor([[-1.0, -1.0, 1.0, 1.0]]).reshape(1, 1, 1, 4)
    expected = torch.tensor([-1.2, -1.1, 1.1, 1.2])
    torch.testing.assert_close(beyond_range(image, 0.1, reach=2).flatten(), expected)


def test_pixels_that_look_as_light_or_dark_as_can_be_are_at_an_end():
    image = torch.tensor([-0.99, -0.97, 0.97, 0.98, 1.0]).reshape(1, 1, 1, 5)
    moved = beyond_range(image, 0.1, reach=2, end=0.98).flatten()
    torch.testing.assert_close(moved, torch.tensor([-1.09, -0.97, 0.97, 1.08, 1.2]))
