import torch

from uqgen.data.members import copies, digests, find_members


def test_items_are_known_by_their_content_and_class_wherever_they_are():
    x, label = torch.randint(256, (6, 1, 8, 8), dtype=torch.uint8), torch.tensor([0, 1, 0, 1, 0, 1])
    order = torch.randperm(6)
    assert digests(x, label)[order].equal(digests(x[order], label[order]))
    assert len(set(digests(x, label).tolist()) | set(digests(x, 1 - label).tolist())) == 12


def test_each_member_is_found_once_however_many_copies_there_are():
    own, place = find_members(torch.tensor([5, 7, 7, 9]), torch.tensor([7, 1, 5, 5, 7, 7]))
    assert own.tolist() == [0, 1, 2]
    assert place.tolist() == [2, 0, 4]
    assert find_members(torch.tensor([1]), torch.tensor([2]))[0].shape == (0,)
    assert find_members(torch.tensor([1]), torch.empty(0, dtype=torch.int64))[0].shape == (0,)


def test_copies_are_of_an_earlier_split_alone():
    members = torch.tensor([5, 5, 7, 8, 7, 9, 9, 5, 8, 9])
    split = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert copies(members, split).tolist() == [[4, 2], [7, 0], [8, 3], [9, 5]]
