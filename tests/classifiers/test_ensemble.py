import pytest
import torch

from uqgen.classifiers.calibration import calibrate
from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.ensemble import Ensemble, predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.scores import SCORES


@pytest.fixture
def members():
    return [CNN((1, 8, 8), 3, (4,), hidden=5) for _ in range(4)]


def test_the_members_speak_one_beside_the_other(members):
    frozen, x = FrozenClassifier(Ensemble(members)), torch.randn(6, 1, 8, 8)
    found = frozen(x)
    assert found.shape == (6, 4, 3)
    for number, member in enumerate(members):
        assert found[:, number].equal(member(x))
    torch.testing.assert_close(frozen.predict(x, batch_size=4), found)


@pytest.mark.parametrize("name", SCORES)
def test_gradients_of_every_score_reach_the_image_and_no_weight(members, name):
    frozen, x = FrozenClassifier(Ensemble(members)), torch.randn(5, 1, 8, 8, requires_grad=True)
    SCORES[name](frozen(x), torch.zeros(5, dtype=torch.int64)).sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.flatten(1).norm(dim=1).min() > 0
    assert all(weight.grad is None for weight in frozen.parameters())


@pytest.mark.parametrize("scale", [1, 100, 1e4])
def test_the_predictive_distribution_is_the_mean_of_the_members(scale):
    logits = torch.randn(50, 5, 3, dtype=torch.float64) * scale
    found = predictive_logits(logits)
    assert found.shape == (50, 3)
    torch.testing.assert_close(found.softmax(dim=1), logits.softmax(dim=2).mean(dim=1))
    torch.testing.assert_close(found.logsumexp(dim=1), logits.logsumexp(dim=2).mean(dim=1))


def test_members_that_agree_are_as_one():
    logits = torch.randn(50, 3) * 10
    torch.testing.assert_close(predictive_logits(logits[:, None].expand(-1, 5, -1)), logits, atol=1e-5, rtol=1e-5)
    assert predictive_logits(logits) is logits


def test_an_ensemble_is_calibrated_after_its_members_are_averaged():
    logits, label = torch.randn(1_000, 5, 3) * 4, torch.randint(3, (1_000,))
    mean = logits.softmax(dim=2).mean(dim=1).log()
    found, expected = (calibrate(x[:500], label[:500], x[500:], label[500:]) for x in (logits, mean))
    assert vars(found) == pytest.approx(vars(expected), rel=1e-4)
