"""How far a score can be trusted: whether the classifier's errors are where the score says that it is uncertain.

Selective classification: Geifman and El-Yaniv (2017), "Selective classification for deep neural networks", and Geifman
et al. (2019), "Bias-reduced uncertainty estimation for deep neural classifiers". Failure detection: Hendrycks and
Gimpel (2017), "A baseline for detecting misclassified and out-of-distribution examples in neural networks".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.metrics.bootstrap import Array, Estimate, Floats, bootstrap
from uqgen.metrics.metric import Better, Metric, Row, register
from uqgen.metrics.wilson import wilson

TPR, COVERAGE = 0.95, 0.8
N_BINS = 15  # of the calibration error
ROUNDING = 1e-9  # so that 0.95 of 20 images are 19, not 20


@dataclass(frozen=True)
class FailureDetection:
    """How well a score tells right predictions from wrong ones, and how right the probabilities are.

    What depends on an order within images of the same score is its mean over all such orders.

    Attributes:
        n, n_errors: number of images, and of those whose most probable class is not theirs.
        error_rate: the share of errors.
        auroc: probability that the score finds a right prediction more certain than a wrong one, ties counting half.
        aurc: mean over all coverages k / n of the risk, the error rate of the k most certain images.
        e_aurc: `aurc` less that of a score which finds every error more uncertain than every right prediction.
        fpr_95: share of errors that are accepted when the threshold accepts 95 % of the right predictions.
        risk_80: error rate of the most certain 80 % of the images.
        brier: mean squared distance of the probabilities from the one-hot class, sum over classes, 0 to 2.
        ece: expected calibration error of the most probable class, L1, 15 bins.
    """

    n: int
    n_errors: int
    error_rate: Estimate
    auroc: Estimate
    aurc: Estimate
    e_aurc: Estimate
    fpr_95: Estimate
    risk_80: Estimate
    brier: Estimate
    ece: Estimate


@dataclass(frozen=True)
class ReliabilityBin:
    """Images whose highest probability lies in one bin.

    Attributes:
        low, high: edges of the bin.
        n: number of images; everything below is NaN where it is 0.
        confidence: their mean highest probability.
        accuracy: their share of right predictions, with its Wilson interval.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True)
class Predictions:
    """What a classifier says of N images of known class.

    Attributes:
        certainty: float64 [N], the score, turned so that high means certain.
        is_wrong: bool [N], whether the most probable class is not the image's.
        confidence: float64 [N], the highest probability.
        brier: float64 [N], squared distance of the probabilities from the one-hot class.
    """

    certainty: Floats
    is_wrong: Array
    confidence: Floats
    brier: Floats

    @classmethod
    def of(cls, logits: Tensor, label: Tensor, score: Tensor, high_means: str) -> "Predictions":
        """Of logits float [N, K] or [N, M, K], classes int64 [N], and scores float [N] whose high values mean that."""
        probabilities = predictive_logits(logits).double().softmax(dim=1)
        confidence, predicted = probabilities.max(dim=1)
        own = probabilities.gather(1, label[:, None]).squeeze(1)
        brier = probabilities.square().sum(dim=1) - 2 * own + 1
        certainty = score.double() if high_means == "confident" else -score.double()
        return cls(certainty.numpy(), (predicted != label).numpy(), confidence.numpy(), brier.numpy())

    def __getitem__(self, chosen: Array) -> "Predictions":
        """Those at positions, or where a mask is true."""
        return Predictions(*(part[chosen] for part in (self.certainty, self.is_wrong, self.confidence, self.brier)))


def failure_detection(predictions: Predictions, n_resamples: int = 1_000, seed: int = 0) -> FailureDetection:
    """Measures a score, with 95 % bootstrap intervals over images.

    Args:
        predictions: of N images, N at least 1.
        n_resamples: number of bootstrap resamples.
        seed: draws them.
    """
    order = np.unique(-predictions.certainty, return_inverse=True)[1]  # 0 for the most certain; ties share theirs
    wrong = predictions.is_wrong
    bins = np.minimum((predictions.confidence * N_BINS).astype(np.intp), N_BINS - 1)
    columns = order, wrong.astype(np.float64), predictions.brier, bins, predictions.confidence
    return FailureDetection(len(wrong), int(wrong.sum()), **bootstrap(_statistics, columns, n_resamples, seed))


def reliability(predictions: Predictions, n_bins: int = N_BINS) -> tuple[ReliabilityBin, ...]:
    """Accuracy by highest probability, in equal bins of it: the reliability diagram of Guo et al. (2017)."""
    place = np.minimum((predictions.confidence * n_bins).astype(np.intp), n_bins - 1)
    edges = np.linspace(0, 1, n_bins + 1).tolist()
    return tuple(_reliability_bin(*edge, predictions[place == number]) for number, edge in enumerate(pairwise(edges)))


def risk_by_coverage(predictions: Predictions, coverages: Sequence[float]) -> list[float]:
    """The error rate of the most certain images, of each share of all; NaN of no image."""
    order = np.unique(-predictions.certainty, return_inverse=True)[1]
    risk = _risks(order, predictions.is_wrong.astype(np.float64))
    kept = [_covered(coverage, len(risk)) for coverage in coverages]
    return [float(risk[k - 1]) if k else np.nan for k in kept]


def _reliability_bin(low: float, high: float, inside: Predictions) -> ReliabilityBin:
    n = len(inside.is_wrong)
    confidence = float(inside.confidence.mean()) if n else np.nan
    return ReliabilityBin(low, high, n, confidence, wilson(n - int(inside.is_wrong.sum()), n))


def _statistics(order: Array, wrong: Floats, brier: Floats, bins: Array, confidence: Floats) -> dict[str, Floats]:
    n, n_wrong = wrong.shape[-1], wrong.sum(axis=-1)
    risks = _risks(order, wrong)
    aurc = risks.mean(axis=-1)
    gap = _sums(bins, N_BINS, confidence - (1 - wrong))
    return {
        "error_rate": n_wrong / n,
        **_roc(order, wrong),
        "aurc": aurc,
        "e_aurc": aurc - _least_aurc(n_wrong.astype(np.intp), n),
        "risk_80": risks[..., _covered(COVERAGE, n) - 1],
        "brier": brier.mean(axis=-1),
        "ece": np.abs(gap).sum(axis=-1) / n,
    }


def _risks(order: Array, wrong: Floats) -> Floats:
    """The error rate of the k most certain images for k from 1 to N, [..., N] to [..., N].

    Among images of one score every error counts as spread evenly, which is the mean over their orders.
    """
    n, n_codes = order.shape[-1], int(order.max()) + 1
    counts, errors = _sums(order, n_codes, np.ones_like(wrong)), _sums(order, n_codes, wrong)
    rate = np.divide(errors, counts, out=np.zeros_like(errors), where=counts > 0)
    spread = np.repeat(rate.ravel(), counts.ravel().astype(np.intp)).reshape(order.shape)
    return spread.cumsum(axis=-1) / np.arange(1, n + 1)


def _roc(order: Array, wrong: Floats) -> dict[str, Floats]:
    """Area under the curve of accepted right against accepted wrong predictions, and its place at a TPR of 95 %."""
    n_codes = int(order.max()) + 1
    right, errors = _sums(order, n_codes, 1 - wrong), _sums(order, n_codes, wrong)
    n_right, n_errors = right.sum(axis=-1), errors.sum(axis=-1)
    accepted = right.cumsum(axis=-1)
    more_certain = np.vecdot(errors, accepted - right / 2)
    threshold = (accepted >= TPR * n_right[..., None] - ROUNDING).argmax(axis=-1)
    let_through = np.take_along_axis(errors.cumsum(axis=-1), threshold[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN: without errors, or without right predictions
        defined = np.where(n_right > 0, n_errors, np.nan)
        return {"auroc": more_certain / (n_right * defined), "fpr_95": let_through / defined}


def _least_aurc(n_wrong: Array, n: int) -> Floats:
    """The area of a score that puts every error last: sum over k > r of (k - r) / k, divided by n, r = n - n_wrong."""
    harmonic = np.concatenate([[0], np.cumsum(1 / np.arange(1, n + 1))])
    n_right = n - n_wrong
    return (n_wrong - n_right * (harmonic[n] - harmonic[n_right])) / n


def _covered(coverage: float, n: int) -> int:
    """How many images are at least that share of n."""
    return int(np.ceil(coverage * n - ROUNDING))


def _sums(codes: Array, n_codes: int, values: Floats) -> Floats:
    """Sums of values [..., N] over those of each code, [..., n_codes]."""
    rows = codes.reshape(-1, codes.shape[-1])
    places = rows + n_codes * np.arange(len(rows))[:, None]
    sums = np.bincount(places.ravel(), values.ravel(), n_codes * len(rows)).astype(np.float64, copy=False)
    return sums.reshape(*codes.shape[:-1], n_codes)


def _of_failures(name: str, title: str, better: Better) -> Iterator[Metric]:
    key = f"score_quality/all/{name}"
    rows = [
        Row("score quality", "all classes", {title: key}),
        Row("score quality", "{0}", {title: f"score_quality/by_class/*/{name}"}),
    ]
    yield Metric(key, f"{title} (real data)", better, rows=rows)


register(
    *_of_failures("error_rate", "error rate", "lower"),
    *_of_failures("auroc", "AUROC of failure", "higher"),
    *_of_failures("fpr_95", "FPR at 95 % TPR", "lower"),
    *_of_failures("aurc", "AURC", "lower"),
    *_of_failures("e_aurc", "E-AURC", "lower"),
    *_of_failures("risk_80", "risk at 80 % coverage", "lower"),
    *_of_failures("brier", "Brier score", "lower"),
    *_of_failures("ece", "ECE", "lower"),
)
