import torch

from uqgen.metrics.class_agreement import class_agreement


def test_is_the_share_of_labels_that_are_most_probable():
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 5.0], [9.0, 1.0, 0.0]])
    found = class_agreement(logits, torch.tensor([0, 1, 0, 0]), 500)
    assert found.value == 0.75
    assert found.low <= 0.5 < found.high == 1
