import pytest
import torch

from uqgen.scores import get_score

LABELS = torch.zeros(50, dtype=torch.int64)


def test_at_temperature_1_it_is_msp():
    logits = torch.randn(50, 7) * 5
    assert get_score("odin_temperature", temperature=1)(logits, LABELS).equal(get_score("msp")(logits, LABELS))


def test_at_a_high_temperature_it_is_how_far_the_highest_logit_is_above_their_mean():
    logits = torch.randn(50, 7) * 5
    found = get_score("odin_temperature")(logits, LABELS)
    expected = (1 + (logits.amax(dim=1) - logits.mean(dim=1)) / 1000) / 7
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


def test_its_range_is_that_of_msp():
    assert get_score("odin_temperature").range(4) == (0.25, 1.0)
    extreme = torch.tensor([[1e6, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert get_score("odin_temperature")(extreme, LABELS[:2]).tolist() == pytest.approx([1.0, 0.25])
