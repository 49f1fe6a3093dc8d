import torch

from uqgen.data.shifts import DIRECTIONS, shifted


def test_shifts_move_down_and_right_and_repeat_the_edge():
    image = torch.arange(9).view(1, 1, 3, 3)
    assert shifted(image, 1, 0).view(3, 3).tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    assert shifted(image, 0, -1).view(3, 3).tolist() == [[1, 2, 2], [4, 5, 5], [7, 8, 8]]


def test_every_direction_is_one_pixel_and_has_its_opposite():
    assert all(abs(down) + abs(right) == 1 for down, right in DIRECTIONS)
    assert {(-down, -right) for down, right in DIRECTIONS} == set(DIRECTIONS)
    image = torch.randn(2, 3, 6, 6)
    for down, right in DIRECTIONS:
        assert shifted(image, down, right)[..., 1:-1, 1:-1].equal(image.roll((down, right), (2, 3))[..., 1:-1, 1:-1])
