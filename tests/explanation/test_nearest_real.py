import torch

from uqgen.data.labelled import LabelledData
from uqgen.explanation.nearest_real import nearest_real
from uqgen.scores import get_score


def test_the_nearest_of_the_class_among_those_of_the_score(linear):
    level = torch.tensor([10, 20, 30, 40, 50, 60])
    label, score = torch.tensor([0, 0, 0, 1, 1, 0]), torch.tensor([0.9, 0.5, 0.52, 0.5, 0.9, 0.7])
    pixels = level.to(torch.uint8).view(6, 1, 1, 1).repeat(1, 1, 8, 8)
    real = LabelledData(pixels, label, torch.zeros(6), torch.zeros(6))
    x, own = pixels[[5, 4]] + 1, torch.tensor([0, 1])
    requested = torch.tensor([0.5, 0.91, 0.8])
    found = nearest_real(x, own, real, score, linear, get_score("msp"), requested, tolerance=0.05)
    assert found.x[:, :, 0, 0, 0].tolist() == [[30, 10, 10], [40, 50, 50]]  # at 0.8 none: 0.9 and 0.7 are as near
