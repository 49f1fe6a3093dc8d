"""What help at sampling time brings, beside the raw generator, and what it costs in images drawn."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import predict
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.settings import EvaluationSettings
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.class_agreement import class_agreement
from uqgen.metrics.in_vs_out import InVsOut, in_vs_out
from uqgen.sampling.best_of import Drawn, best_of
from uqgen.sampling.correction import fit_correction
from uqgen.scores import Score


@dataclass(frozen=True)
class AtSampling:
    """What was measured with help at sampling time.

    Attributes:
        cost: images drawn for each image kept, beside those that the correction is fitted on once.
        in_vs_out: asked scores against those obtained from the target.
        class_agreement: share of images whose most probable class, to the target, is the one asked.
        judges: for each judge, asked scores against those obtained from the judge.
    """

    cost: int
    in_vs_out: InVsOut
    class_agreement: Estimate
    judges: dict[str, InVsOut]


def measure_at_sampling(
    model: ConditionalModel,
    asked: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    score: Score,
    n_classes: int,
    asked_range: tuple[float, float],
    settings: EvaluationSettings,
    seed: int,
) -> dict[str, AtSampling]:
    """Measures the correction alone, the best of k alone, and both: the asked score corrected, the nearest to it kept.

    Args:
        model: the trained model.
        asked: N classes and scores, asked uniformly.
        target, judges: classifiers on the model's device.
        score: the score.
        n_classes: number of classes.
        asked_range: the lowest and the highest score asked, between which the correction is fitted.
        settings: of the evaluation.
        seed: draws the latents; the raw generator's, for the same ones.

    Returns:
        For "corrected", "best_of" and "corrected_best_of".
    """
    correction = fit_correction(model, target, score, n_classes, *asked_range, settings.n_correction, seed)
    fed = correction(asked)
    ways = {"corrected": (fed, 1), "best_of": (asked, settings.best_of), "corrected_best_of": (fed, settings.best_of)}
    found = {}
    for way, (condition, k) in ways.items():
        rng = seeding.generator(seed, device=model.device)
        drawn = best_of(model, asked, target, score, k, rng, condition)
        found[way] = _measure(drawn, asked, target, judges, asked_range, settings)
    return found


def _measure(
    drawn: Drawn,
    asked: Condition,
    target: FrozenClassifier,
    judges: dict[str, Judge],
    asked_range: tuple[float, float],
    settings: EvaluationSettings,
) -> AtSampling:
    edges = np.linspace(*asked_range, settings.n_bins + 1)

    def agreement(obtained: Tensor) -> InVsOut:
        sizes = {"n_resamples": settings.n_resamples, "seed": settings.seed}
        return in_vs_out(asked.score.numpy(), obtained.numpy(), edges=edges, **sizes)

    share = class_agreement(predict(target, drawn.x), asked.label, settings.n_resamples)
    by_judges = {name: agreement(judge.score_of(drawn.x, asked.label)) for name, judge in judges.items()}
    return AtSampling(drawn.cost, agreement(drawn.score_out), share, by_judges)
