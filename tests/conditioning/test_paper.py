import pytest
import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding

REAL = Condition(torch.tensor([0, 1, 2]), torch.tensor([0.5, 0.9, 1.0]))


def test_one_part_of_one_hot_class_and_raw_score():
    encoding = PaperEncoding(3, REAL, standardise=False)
    (part,) = encoding(Condition(torch.tensor([2, 0]), torch.tensor([0.7, -12.5])))
    assert part.dtype == torch.float32
    assert part.equal(torch.tensor([[0.0, 0.0, 1.0, 0.7], [1.0, 0.0, 0.0, -12.5]]))


def test_the_scores_of_the_real_data_are_standardised():
    (part,) = PaperEncoding(3, REAL)(REAL)
    assert part[:, :3].equal(torch.eye(3))
    assert part[:, 3].mean().item() == pytest.approx(0, abs=1e-6)
    assert part[:, 3].std().item() == pytest.approx(1)


def test_requested_scores_are_measured_by_the_real_ones():
    (part,) = PaperEncoding(3, REAL)(Condition(torch.tensor([0]), torch.tensor([0.3])))
    assert part[0, 3].item() == pytest.approx((0.3 - 0.8) / 0.07**0.5)


def test_scores_in_another_unit_give_the_same_condition():
    scaled = Condition(REAL.label, 1000 * REAL.score - 30)
    torch.testing.assert_close(PaperEncoding(3, scaled)(scaled)[0], PaperEncoding(3, REAL)(REAL)[0])


def test_scores_that_are_all_the_same_are_finite():
    same = Condition(REAL.label, torch.ones(3))
    assert PaperEncoding(3, same)(same)[0].isfinite().all()


def test_part_dims_are_the_widths_of_the_parts():
    for n_classes in (2, 10):
        encoding = PaperEncoding(n_classes, REAL)
        parts = encoding(Condition(torch.tensor([1]), torch.tensor([0.3])))
        assert encoding.part_dims == tuple(part.shape[1] for part in parts) == (n_classes + 1,)
