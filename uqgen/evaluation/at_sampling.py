"""What help at sampling time brings, beside the raw generator, and what it costs in images drawn."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import predict
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.judge import Judge
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.class_agreement import class_agreement
from uqgen.metrics.in_vs_out import InVsOut, in_vs_out
from uqgen.sampling.best_of import Drawn, best_of
from uqgen.sampling.recalibration import fit_recalibration
from uqgen.scores import Score


@dataclass(frozen=True)
class AtSampling:
    """What was measured with help at sampling time.

    Attributes:
        cost: images drawn for each image kept, beside those that the recalibration is fitted on once.
        in_vs_out: requested scores against those that the target gives.
        class_agreement: share of images whose most probable class, to the target, is the one requested.
        judges: for each judge, requested scores against those that the judge gives.
    """

    cost: int
    in_vs_out: InVsOut
    class_agreement: Estimate
    judges: dict[str, InVsOut]


def measure_at_sampling(
    model: ConditionalModel,
    requested: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    score: Score,
    n_classes: int,
    requested_range: tuple[float, float],
    settings: EvaluationSettings,
    seed: int,
) -> dict[str, AtSampling]:
    """Measures the recalibration of the requested score alone, the best of k alone, and both.

    Args:
        model: the trained model.
        requested: N classes and scores, requested uniformly.
        target, judges: classifiers on the model's device.
        score: the score.
        n_classes: number of classes.
        requested_range: the lowest and the highest score requested, between which the recalibration is fitted.
        settings: of the evaluation.
        seed: draws the latents; the raw generator's, for the same ones.

    Returns:
        For "recalibrated", "best_of" and "recalibrated_best_of".
    """
    recalibration = fit_recalibration(model, target, score, n_classes, *requested_range, settings.n_recalibration, seed)
    fed = recalibration(requested)
    ways = {
        "recalibrated": (fed, 1),
        "best_of": (requested, settings.best_of),
        "recalibrated_best_of": (fed, settings.best_of),
    }
    found = {}
    for way, (condition, k) in ways.items():
        rng = seeding.generator(seed, device=model.device)
        drawn = best_of(model, requested, target, score, k, rng, condition)
        found[way] = _measure(drawn, requested, target, judges, requested_range, settings)
    return found


def _measure(
    drawn: Drawn,
    requested: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    requested_range: tuple[float, float],
    settings: EvaluationSettings,
) -> AtSampling:
    edges = np.linspace(*requested_range, settings.n_bins + 1)

    def agreement(achieved: Tensor) -> InVsOut:
        sizes = {"n_resamples": settings.n_resamples, "seed": settings.seed}
        return in_vs_out(requested.score.numpy(), achieved.numpy(), edges=edges, **sizes)

    share = class_agreement(predict(target, drawn.x), requested.label, settings.n_resamples)
    by_judges = {name: agreement(judge.score_of(drawn.x, requested.label)) for name, judge in judges.items()}
    return AtSampling(drawn.cost, agreement(drawn.score_out), share, by_judges)
