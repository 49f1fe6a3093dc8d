import torch

from uqgen.conditioning.condition import Condition


def test_a_condition_goes_to_a_device_as_a_whole():
    moved = Condition(torch.tensor([1, 2]), torch.tensor([0.5, 0.7])).to("meta")
    assert isinstance(moved, Condition)
    assert moved.label.device.type == moved.score.device.type == "meta"
