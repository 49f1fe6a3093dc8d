"""The range of the generalised entropy, and the values of another implementation."""

import pytest
import torch

from uqgen.scores import get_score


def gen(logits, **settings):
    return get_score("gen", **settings)(logits, torch.zeros(len(logits), dtype=torch.int64))


def test_only_the_most_probable_classes_count():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    terms = [(p * (1 - p)) ** 0.5 for p in (0.5, 0.3, 0.15, 0.05)]
    for m in (1, 2, 4, 9):
        assert gen(logits, gamma=0.5, m=m).item() == pytest.approx(sum(terms[:m]), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.05, 0.5, 1.0])
@pytest.mark.parametrize(("m", "n_equal"), [(1, 2), (2, 2), (4, 4), (100, 6)])
def test_it_is_highest_of_so_many_equal_probabilities_as_count(gamma, m, n_equal):
    low, high = get_score("gen", gamma=gamma, m=m).range(6)
    equal = torch.full((1, 6), -1e4)
    equal[0, :n_equal] = 0
    assert gen(equal, gamma=gamma, m=m).item() == pytest.approx(high, rel=1e-5)
    found = gen(torch.cat([torch.randn(5_000, 6) * scale for scale in (0.1, 1, 5, 30)]), gamma=gamma, m=m)
    assert low <= found.min()
    assert found.max() <= high * (1 + 1e-5)


def test_with_an_exponent_of_1_and_all_classes_it_is_the_gini_impurity():
    p = torch.randn(50, 7).softmax(dim=1)
    torch.testing.assert_close(gen(p.log(), gamma=1), 1 - p.square().sum(dim=1), atol=1e-6, rtol=1e-5)


def test_doubt_too_small_for_a_float_is_still_told_apart():
    """1 - p is 0 to a float for the first of these, yet its logarithm is -20."""
    found = gen(torch.tensor([[20.0, 0.0], [40.0, 0.0]]))
    assert found.tolist() == pytest.approx([2 * 2.718281828**-2, 2 * 2.718281828**-4], rel=1e-4)


@pytest.mark.parametrize("m", [3, 10])
def test_it_is_pytorch_oods_but_for_the_mean(m):
    pytest.importorskip("pytorch_ood", reason="pip install pytorch-ood")
    from pytorch_ood.detector import GEN

    logits = torch.randn(200, 10) * 1.5  # it takes probabilities below 1e-7 for as much
    expected = GEN(None, gamma=0.1, M=m).predict_logits(logits.double()).float()
    torch.testing.assert_close(gen(logits, m=m), m * expected, atol=1e-5, rtol=1e-5)
