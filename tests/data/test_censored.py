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
