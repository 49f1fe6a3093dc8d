"""Whether a classifier's probabilities are right as often as they say, and one number that makes them so.

Temperature scaling: Guo et al. (2017), "On calibration of modern neural networks", section 4.2.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error

from uqgen.classifiers.ensemble import predictive_logits

TEMPERATURES = (0.01, 100.0)  # lowest and highest; without bounds, a classifier that is always right would have 0


@dataclass(frozen=True)
class Calibration:
    """Calibration of a classifier before and after temperature scaling.

    Attributes:
        temperature: fitted on the validation split.
        error_before, error_after: expected calibration error on the test split, of logits and of logits / temperature.
    """

    temperature: float
    error_before: float
    error_after: float


def calibrate(validation: Tensor, validation_label: Tensor, test: Tensor, test_label: Tensor) -> Calibration:
    """Fits the temperature on one split and measures on another.

    An ensemble is calibrated after its members are averaged: their mean is less confident than each of them.

    Args:
        validation, test: logits float [N, K], or [N, M, K] of an ensemble.
        validation_label, test_label: int64 [N].
    """
    validation, test = predictive_logits(validation), predictive_logits(test)
    temperature = fit_temperature(validation, validation_label)
    before, after = (calibration_error(logits, test_label) for logits in (test, test / temperature))
    return Calibration(temperature, before, after)


def fit_temperature(logits: Tensor, label: Tensor) -> float:
    """The temperature T within `TEMPERATURES` whose softmax(logits / T) has the lowest negative log-likelihood.

    The likelihood is convex in 1 / T, so in log T, where it is searched, it has a single minimum.

    Args:
        logits: float [N, K], of images the classifier was not trained on.
        label: int64 [N].
    """
    outputs, own = logits.double().numpy(), label[:, None].numpy()

    def negative_log_likelihood(log_temperature: float) -> float:
        scaled = outputs * math.exp(-log_temperature)
        return float(np.mean(logsumexp(scaled, axis=1) - np.take_along_axis(scaled, own, axis=1)[:, 0]))

    bounds = tuple(map(math.log, TEMPERATURES))
    found = minimize_scalar(negative_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return math.exp(found.x)


def calibration_error(logits: Tensor, label: Tensor) -> float:
    """Expected calibration error (L1, 15 bins) of softmax(logits); logits float [N, K], label int64 [N]."""
    return multiclass_calibration_error(logits.softmax(dim=1), label, logits.shape[1]).item()
