"""How good the target's score is on real images: what must be known before anything generated is read."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.evaluation.context import EvaluationContext
from uqgen.metrics.failure_detection import (
    FailureDetection,
    Predictions,
    ReliabilityBin,
    failure_detection,
    reliability,
    risk_by_coverage,
)

N_ERRORS = 24  # shown
COVERAGES = tuple(np.linspace(0.02, 1, 50).round(2).tolist())


@dataclass(frozen=True)
class ConfidentError:
    """A real image that the classifier is certain and wrong about.

    Attributes:
        name: of the file, or its place in the split.
        position: in the split.
        label, predicted: its class, and the most probable one.
        probability: of the latter.
        score: of the image.
    """

    name: str
    position: int
    label: int
    predicted: int
    probability: float
    score: float


@dataclass(frozen=True)
class ScoreQuality:
    """How far a score can be trusted on real images of one split.

    Attributes:
        all: of all images.
        by_class: of the images of each class, by its name.
        reliability: accuracy by highest probability.
        coverages, risks: shares of the most certain images, and their error rates.
        confident_errors: the errors that the score finds the most certain, the most certain first.
    """

    all: FailureDetection
    by_class: dict[str, FailureDetection]
    reliability: tuple[ReliabilityBin, ...]
    coverages: tuple[float, ...]
    risks: list[float]
    confident_errors: list[ConfidentError]


def measure_score_quality(context: EvaluationContext) -> ScoreQuality:
    """Measures the target's score on the real images of the evaluated split."""
    real, settings = context.reference, context.settings
    predictions = Predictions.of(real.logits, real.data.label, real.score, context.score.high_means)
    label, sizes = real.data.label.numpy(), (settings.n_resamples, settings.seed)
    by_class = {
        context.data.class_names[one]: failure_detection(predictions[label == one], *sizes) for one in np.unique(label)
    }
    return ScoreQuality(
        failure_detection(predictions, *sizes),
        by_class,
        reliability(predictions),
        COVERAGES,
        risk_by_coverage(predictions, COVERAGES),
        _confident_errors(context, predictions),
    )


def _confident_errors(context: EvaluationContext, predictions: Predictions) -> list[ConfidentError]:
    wrong = np.flatnonzero(predictions.is_wrong)
    order = np.lexsort([-predictions.confidence[wrong], -predictions.certainty[wrong]])
    predicted: Tensor = predictive_logits(context.reference.logits).argmax(dim=1)
    split, real = context.settings.split, context.reference
    return [
        ConfidentError(
            context.data.name_of(split, place),
            place,
            int(real.data.label[place]),
            int(predicted[place]),
            float(predictions.confidence[place]),
            float(real.score[place]),
        )
        for place in wrong[order][:N_ERRORS].tolist()
    ]
