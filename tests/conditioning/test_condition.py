import torch

from uqgen.conditioning.condition import Condition

WHOLE = Condition(torch.tensor([1, 2]), torch.tensor([0.5, 0.7]), torch.tensor([[0.5, 0.5], [0.3, 0.7]]))


def test_a_condition_goes_to_a_device_as_a_whole():
    moved = WHOLE.to("meta")
    assert isinstance(moved, Condition)
    assert all(part.device.type == "meta" for part in moved)
    assert Condition(*WHOLE[:2]).to("meta").probabilities is None


def test_positions_are_selected_from_every_part():
    for index in (torch.tensor([1, 1]), slice(1, 2)):
        chosen = WHOLE.select(index)
        assert all(part.equal(whole[index]) for part, whole in zip(chosen, WHOLE, strict=True))
    assert Condition(*WHOLE[:2]).select(slice(0, 1)).probabilities is None
