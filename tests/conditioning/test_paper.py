import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding

REAL = Condition(torch.tensor([0, 1, 2]), torch.tensor([0.5, 0.9, 1.0]))


def test_one_part_of_one_hot_class_and_raw_score():
    encoding = PaperEncoding(3, REAL)
    (part,) = encoding(Condition(torch.tensor([2, 0]), torch.tensor([0.7, -12.5])))
    assert part.dtype == torch.float32
    assert part.equal(torch.tensor([[0.0, 0.0, 1.0, 0.7], [1.0, 0.0, 0.0, -12.5]]))


def test_part_dims_are_the_widths_of_the_parts():
    for n_classes in (2, 10):
        encoding = PaperEncoding(n_classes, REAL)
        parts = encoding(Condition(torch.tensor([1]), torch.tensor([0.3])))
        assert encoding.part_dims == tuple(part.shape[1] for part in parts) == (n_classes + 1,)


def test_the_real_data_make_no_difference_and_nothing_is_learned():
    asked = Condition(torch.tensor([1]), torch.tensor([0.3]))
    other = PaperEncoding(3, Condition(torch.tensor([2]), torch.tensor([9.0])))
    assert PaperEncoding(3, REAL)(asked)[0].equal(other(asked)[0])
    assert other.state_dict() == {}
