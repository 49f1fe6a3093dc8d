import torch

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.support import support


def test_every_image_counts_once_in_its_class_and_bin():
    label = torch.tensor([0, 0, 0, 2, 2])
    score = torch.tensor([0.5, 0.74, 0.76, 1.0, 0.4])
    found = support(Condition(label, score), n_classes=3, bounds=(0.5, 1.0), n_bins=2)
    assert found.edges == (0.5, 0.75, 1.0)
    assert found.counts == ((2, 1), (0, 0), (0, 1))  # the last image lies below what is requested
