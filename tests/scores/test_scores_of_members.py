"""Scores of ensembles: those that need members, and what becomes of the others."""

import math

import pytest
import torch
from scipy import stats
from sklearn.metrics import mutual_info_score

from uqgen.scores import SCORES

NEEDING = [name for name, score in SCORES.items() if score.needs_members]
OTHERS = sorted(set(SCORES) - set(NEEDING))


def score(name, logits):
    return SCORES[name](logits, torch.zeros(len(logits), dtype=torch.int64))


def certain(*classes, n_classes):
    """Logits [1, M, K] of members each of which is certain of its class."""
    return 1e4 * torch.eye(n_classes)[list(classes)][None]


def test_they_are_these():
    assert sorted(NEEDING) == ["expected_entropy", "mutual_information"]


@pytest.mark.parametrize("n_members", [2, 5])
def test_members_that_agree_share_no_information(n_members):
    logits = torch.randn(50, 1, 7).expand(-1, n_members, -1) * 3
    assert score("mutual_information", logits).tolist() == pytest.approx([0] * 50, abs=1e-6)
    entropies = stats.entropy(logits[:, 0].double().softmax(dim=1).numpy(), axis=1)
    assert score("expected_entropy", logits).tolist() == pytest.approx(entropies, abs=1e-6)


@pytest.mark.parametrize("n_members", [2, 5])
def test_members_that_are_certain_of_different_classes_share_log_m(n_members):
    logits = certain(*range(n_members), n_classes=10)
    assert score("mutual_information", logits).item() == pytest.approx(math.log(n_members), abs=1e-6)
    assert score("expected_entropy", logits).item() == 0


def test_with_fewer_classes_than_members_it_is_log_k_at_most():
    assert score("mutual_information", certain(0, 1, 0, 1, n_classes=2)).item() == pytest.approx(math.log(2), abs=1e-6)
    three_to_one = score("mutual_information", certain(0, 0, 0, 1, n_classes=2)).item()
    assert three_to_one == pytest.approx(stats.entropy([0.75, 0.25]), abs=1e-6)


@pytest.mark.parametrize("scale", [0.1, 1, 5])
def test_mutual_information_is_that_of_the_joint_table_of_member_and_class(scale):
    logits = torch.randn(30, 4, 6) * scale
    tables = logits.double().softmax(dim=2).numpy()
    counts = (1e8 * tables).round().astype(int)  # scikit-learn's table is one of counts
    expected = [mutual_info_score(None, None, contingency=table) for table in counts]
    assert score("mutual_information", logits).tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("scale", [0.1, 1, 5, 100, 1e4])
def test_the_parts_add_up_to_the_entropy_and_are_in_range(scale):
    logits = torch.randn(200, 4, 6) * scale
    parts = {name: score(name, logits) for name in NEEDING}
    rounding = 1e-6 + 1e-7 * scale  # of the logits
    torch.testing.assert_close(sum(parts.values()), score("entropy", logits), atol=rounding, rtol=rounding)
    for name, part in parts.items():
        low, high = SCORES[name].range(6)
        assert (part.shape, part.dtype) == ((200,), torch.float32)
        assert low <= part.min()
        assert part.max() <= high + 1e-6
        assert SCORES[name].high_means == "uncertain"


@pytest.mark.parametrize("name", OTHERS)
def test_scores_of_one_distribution_are_given_the_mean_of_the_members(name):
    logits = torch.randn(50, 5, 4) * 3
    probabilities = logits.softmax(dim=2)
    level = logits.logsumexp(dim=2).mean(dim=1, keepdim=True)  # to which probabilities are blind
    expected = score(name, probabilities.mean(dim=1).log() + level)
    if name == "energy":
        torch.testing.assert_close(expected, score(name, logits.flatten(0, 1)).view(50, 5).mean(dim=1))
    torch.testing.assert_close(score(name, logits), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", NEEDING)
def test_they_are_differentiable_also_where_probabilities_vanish(name):
    logits = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: SCORES[name].function(x, torch.tensor([0, 2])), (logits,))
    extreme = certain(0, 1, 1, n_classes=4).requires_grad_()
    score(name, extreme).sum().backward()
    assert extreme.grad.isfinite().all()
