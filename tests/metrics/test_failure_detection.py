"""Against closed forms, definitions written out, scikit-learn and torchmetrics."""

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve
from torchmetrics.functional.classification import multiclass_calibration_error

from uqgen.metrics.failure_detection import Predictions, failure_detection, reliability, risk_by_coverage
from uqgen.metrics.plain import as_plain
from uqgen.scores import get_score

NUMBERS = ("error_rate", "auroc", "aurc", "e_aurc", "fpr_95", "risk_80", "brier", "ece")


def predictions(certainty, is_wrong):
    confidence = np.full(len(certainty), 0.5)
    return Predictions(np.asarray(certainty, float), np.asarray(is_wrong, bool), confidence, confidence)


def values(certainty, is_wrong):
    found = failure_detection(predictions(certainty, is_wrong), n_resamples=2)
    return {name: getattr(found, name).value for name in NUMBERS}


@pytest.fixture(scope="module")
def said():
    """Logits, classes and MSP, rounded so that many tie."""
    logits = 2 * torch.randn(3_000, 5, generator=torch.Generator().manual_seed(0))
    label = logits.softmax(dim=1).multinomial(1, generator=torch.Generator().manual_seed(1)).squeeze(1)
    return logits, label, logits.softmax(dim=1).amax(dim=1).mul(20).round().div(20)


def test_a_score_that_puts_every_error_last():
    n, n_wrong = 100, 10
    found = values(np.arange(n, 0, -1), np.arange(n) >= n - n_wrong)
    risk = n_wrong / n
    assert found["auroc"] == 1
    assert found["fpr_95"] == 0
    assert found["e_aurc"] == pytest.approx(0, abs=1e-12)
    assert found["risk_80"] == 0
    assert found["aurc"] == pytest.approx(risk + (1 - risk) * np.log(1 - risk), abs=1e-3)  # Geifman et al., eq. 6


def test_a_score_that_puts_every_error_first():
    n, n_wrong = 100, 10
    found = values(np.arange(n, 0, -1), np.arange(n) < n_wrong)
    by_hand = np.mean([min(k, n_wrong) / k for k in range(1, n + 1)])
    assert found["auroc"] == 0
    assert found["fpr_95"] == 1
    assert found["aurc"] == pytest.approx(by_hand)
    assert found["risk_80"] == n_wrong / 80


def test_a_score_that_says_nothing_has_the_mean_over_all_orders():
    found = values(np.zeros(50), np.arange(50) < 10)
    assert [found["aurc"], found["risk_80"]] == pytest.approx([0.2, 0.2])
    assert found["auroc"] == 0.5


def test_ties_are_the_mean_over_their_orders(said):
    logits, label, score = said
    rng, is_wrong = np.random.default_rng(0), (logits.argmax(dim=1) != label).numpy()
    found = values(score.numpy(), is_wrong)
    drawn = []
    for _ in range(200):
        order = np.lexsort([rng.random(len(score)), -score.numpy()])
        drawn.append((is_wrong[order].cumsum() / np.arange(1, len(order) + 1)).mean())
    assert found["aurc"] == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(200))


def test_is_what_scikit_learn_and_torchmetrics_say(said):
    logits, label, score = said
    right = (logits.argmax(dim=1) == label).numpy()
    found = failure_detection(Predictions.of(logits, label, score, "confident"), n_resamples=2)
    assert found.auroc.value == pytest.approx(roc_auc_score(right, score))
    fpr, tpr, _ = roc_curve(right, score, drop_intermediate=False)
    assert found.fpr_95.value == pytest.approx(fpr[np.argmax(tpr >= 0.95)])
    probabilities = logits.double().softmax(dim=1)
    of_classes = (brier_score_loss((label == k).numpy(), probabilities[:, k].numpy()) for k in range(5))
    assert found.brier.value == pytest.approx(sum(of_classes))
    assert found.ece.value == pytest.approx(multiclass_calibration_error(probabilities, label, 5).item(), abs=1e-6)


def test_scores_whose_high_values_mean_uncertain_are_turned(said):
    logits, label, _ = said
    for name in ("entropy", "msp"):
        score = get_score(name)
        of_score = Predictions.of(logits, label, score(logits, label), score.high_means)
        assert failure_detection(of_score, n_resamples=2).auroc.value > 0.7


def test_intervals_hold_what_a_larger_sample_has(said):
    logits, label, score = said
    whole = Predictions.of(logits, label, score, "confident")
    few = failure_detection(whole[np.arange(300)], n_resamples=300)
    truth = failure_detection(whole, n_resamples=2)
    for name in ("error_rate", "auroc", "aurc", "e_aurc", "fpr_95", "risk_80", "brier"):
        part = getattr(few, name)
        assert part.low < part.value < part.high
        assert part.low < getattr(truth, name).value < part.high, name


def test_a_classifier_without_errors_has_no_auroc():
    found = as_plain(failure_detection(predictions(np.arange(9), np.zeros(9)), n_resamples=5))
    assert found["auroc"]["value"] is None
    assert found["fpr_95"]["value"] is None
    assert found["aurc"]["value"] == 0


def test_risk_is_that_of_the_most_certain():
    certainty, is_wrong = [5, 4, 3, 2, 1], [False, False, True, False, True]
    assert risk_by_coverage(predictions(certainty, is_wrong), [0, 0.4, 0.6, 1]) == pytest.approx(
        [np.nan, 0, 1 / 3, 0.4], nan_ok=True
    )


def test_bins_hold_every_image_once_and_say_how_often_they_are_right(said):
    logits, label, score = said
    whole = Predictions.of(logits, label, score, "confident")
    bins = reliability(whole)
    assert sum(part.n for part in bins) == len(label)
    for part in bins:
        inside = (whole.confidence >= part.low) & (whole.confidence < part.high)
        assert part.n == inside.sum()
        if part.n:
            assert part.accuracy.value == pytest.approx(1 - whole.is_wrong[inside].mean())
    gap = sum(part.n * abs(part.confidence - part.accuracy.value) for part in bins if part.n) / len(label)
    assert gap == pytest.approx(failure_detection(whole, n_resamples=2).ece.value)


def test_an_ensemble_is_taken_as_its_mean():
    logits = torch.tensor([[[9.0, 0.0], [0.0, 8.0]], [[3.0, 0.0], [0.0, 9.0]]])
    found = Predictions.of(logits, torch.tensor([0, 0]), torch.zeros(2), "confident")
    assert found.is_wrong.tolist() == [False, True]
