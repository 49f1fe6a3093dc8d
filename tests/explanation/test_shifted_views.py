import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.shifts import DIRECTIONS, shifted
from uqgen.explanation.shifted_views import shifted_views


def test_each_view_is_the_classifier_of_a_moved_image(linear):
    x = torch.rand(4, 1, 8, 8) * 2 - 1
    for view, direction in zip(shifted_views(linear), DIRECTIONS, strict=True):
        assert view(x).equal(linear(shifted(x, *direction)))


def test_what_sees_the_mean_alone_says_the_same_of_moved_images_and_what_sees_a_checkerboard_the_opposite():
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1
    mean, parity = (FrozenClassifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 1, bias=False))) for _ in range(2))
    with torch.no_grad():
        mean.network[1].weight.fill_(1 / 64)
        parity.network[1].weight.copy_(board.view(1, 64))
    x = torch.zeros(1, 1, 8, 8)
    x[..., 1:-1, 1:-1] = board[1:-1, 1:-1]  # away from the edge, which is repeated
    bright = x.abs()
    assert all(torch.isclose(view(bright), mean(bright)) for view in shifted_views(mean))
    assert parity(x) == 36
    assert all(view(x) < -20 for view in shifted_views(parity))
