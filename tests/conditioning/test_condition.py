import torch

from uqgen.conditioning.condition import Condition

PROBABILITIES = torch.tensor([[0.5, 0.5], [0.3, 0.7]])
WHOLE = Condition(
    torch.tensor([1, 2]),
    torch.tensor([0.5, 0.7]),
    PROBABILITIES,
    torch.tensor([0.1, 0.2]),
    torch.tensor([[0, 1], [3, 2]]),
)


def test_a_condition_goes_to_a_device_as_a_whole():
    moved = WHOLE.to("meta")
    assert isinstance(moved, Condition)
    assert all(part.device.type == "meta" for part in moved)
    assert Condition(*WHOLE[:2]).to("meta")[2:] == (None, None, None)


def test_positions_are_selected_from_every_part():
    for index in (torch.tensor([1, 1]), slice(1, 2)):
        chosen = WHOLE.select(index)
        assert all(part.equal(whole[index]) for part, whole in zip(chosen, WHOLE, strict=True))
    assert Condition(*WHOLE[:2]).select(slice(0, 1))[2:] == (None, None, None)


def test_scores_are_one_column_each():
    assert WHOLE.scores.tolist() == torch.tensor([[0.5, 0.1], [0.7, 0.2]]).tolist()
    assert Condition(*WHOLE[:2]).scores.tolist() == torch.tensor([[0.5], [0.7]]).tolist()


def test_between_two_conditions_of_a_class_everything_else_changes_evenly():
    both = WHOLE._replace(label=torch.tensor([2, 2]))
    led = both.between(torch.tensor([0.0, 0.25, 1.0]))
    assert led.label.tolist() == [2, 2, 2]
    assert led.kinds.tolist() == [[0, 1], [0, 1], [3, 2]]  # halfway
    for part, ends in zip(led[1:4], both[1:4], strict=True):
        torch.testing.assert_close(part[[0, 2]], ends)
        torch.testing.assert_close(part[1], 0.75 * ends[0] + 0.25 * ends[1])
    assert Condition(*both[:2]).between(torch.zeros(3))[2:] == (None, None, None)


def test_batches_are_joined_part_by_part():
    one, other = WHOLE.select(slice(0, 1)), WHOLE.select(slice(1, None))
    for part, joined in zip(WHOLE, Condition.cat([one, other]), strict=True):
        assert part.equal(joined)
    assert Condition.cat([Condition(one.label, one.score)] * 2).probabilities is None
