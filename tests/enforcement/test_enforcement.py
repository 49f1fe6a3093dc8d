import pytest
import torch

from uqgen.enforcement.enforcement import Enforcement, bounded


def test_a_gradient_within_its_bound_stays_and_a_longer_one_is_clipped():
    adversarial = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]])
    guidance = torch.tensor([[0.6, 0.8], [10.0, 0.0], [1.0, 1.0]])
    expected = torch.tensor([[0.6, 0.8], [2.0, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(bounded(guidance, adversarial, 2.0), expected)


def test_the_direction_is_kept_whatever_the_shape():
    guidance, adversarial = torch.randn(5, 1, 4, 4), 0.01 * torch.randn(5, 1, 4, 4)
    shortened = bounded(guidance, adversarial, 1.5)
    torch.testing.assert_close(torch.cosine_similarity(shortened.flatten(1), guidance.flatten(1)), torch.ones(5))
    torch.testing.assert_close(shortened.flatten(1).norm(dim=1), 1.5 * adversarial.flatten(1).norm(dim=1))


def test_no_gradient_is_no_gradient():
    assert bounded(torch.zeros(2, 3), torch.randn(2, 3), 1.0).eq(0).all()


def test_by_itself_it_enforces_nothing(given):
    nothing = Enforcement(given)
    assert nothing.discriminator_loss(*[None] * 5) is None
    assert nothing.generator_loss(*[None] * 3) is None
    assert list(nothing.parameters()) == []
    assert nothing.bound == pytest.approx(0)
