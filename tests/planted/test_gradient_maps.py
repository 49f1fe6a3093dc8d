import pytest
import torch
from torch import nn

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.planted.gradient_maps import gradient_maps


class LooksAt(nn.Module):
    """Two logits: a pixel's value, and nothing."""

    def __init__(self, row, column):
        super().__init__()
        self.weight, self.place = nn.Parameter(torch.ones(())), (row, column)

    def forward(self, x):
        return torch.stack([self.weight * x[:, 0, *self.place], x.new_zeros(len(x))], dim=1)


@pytest.mark.parametrize("place", [(0, 0), (9, 20), (31, 31)])
def test_a_map_shows_the_pixel_that_decides(place):
    x = torch.randint(256, (300, 1, 32, 32), dtype=torch.uint8)
    maps = gradient_maps(FrozenClassifier(LooksAt(*place)), x).view(300, 16, 16)
    assert maps.sum(dim=(1, 2)).tolist() == pytest.approx([1] * 300)
    assert maps[:, place[0] // 2, place[1] // 2].tolist() == pytest.approx([1] * 300)


def test_a_classifier_that_sees_nothing_has_a_map_of_zeros():
    nothing = FrozenClassifier(nn.Sequential(nn.Threshold(2.0, 0.0), nn.Flatten(), nn.Linear(256, 3)))
    assert gradient_maps(nothing, torch.zeros(2, 1, 16, 16, dtype=torch.uint8)).eq(0).all()
