"""Controls against cheating: agreement must not be adversarial, and must not cost realism."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.predictions import predict
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import Generated
from uqgen.evaluation.matched import Matched, match_scores
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.real import features_of
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.by_score import DistanceByScore, Scored, distance_by_score
from uqgen.metrics.class_agreement import class_agreement
from uqgen.metrics.fidelity import frechet_distance
from uqgen.metrics.in_vs_out import InVsOut, in_vs_out
from uqgen.metrics.local_sensitivity import Change, LocalSensitivity, change_of_score
from uqgen.metrics.memorisation import Memorisation, memorisation
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.wasserstein import sliced_wasserstein

MAX_IMAGES = 2_000  # looked at for memorisation, and that are changed a little
NOISE = 0.02  # of the range of pixels, or of the standard deviation of each coordinate
MATCHING, DRAWING, CHANGING = range(1, 4)  # streams of random numbers


@dataclass(frozen=True)
class MatchedReal:
    """Measures of real images that have the requested scores: the best that generated ones can be expected to reach.

    Attributes:
        gap: for each protocol, mean distance of their scores from those requested.
        class_agreement: for each protocol, share of them that the target takes for what they are.
        class_agreement_gap: for each protocol, class agreement of generated images less that of these.
        judges: for each judge, scores the target gives them against those the judge gives them (uniform protocol). The
            intervals take them as independent, although an image may serve several times.
        judges_pearson: for each judge, Pearson correlation of requested and judge's scores, beside that of `judges`.
    """

    gap: dict[str, float]
    class_agreement: dict[str, Estimate]
    class_agreement_gap: dict[str, float]
    judges: dict[str, InVsOut]
    judges_pearson: dict[str, Ratio]


@dataclass(frozen=True)
class Controls:
    """All controls of one evaluation.

    Attributes:
        matched_real: see there.
        by_score: distance from real training data in each part of the range (uniform protocol): FID of images, sliced
            Wasserstein distance of points.
        memorisation: of training images (data protocol).
        local_sensitivity: of the achieved scores (uniform protocol), beside real images with the requested ones.
    """

    matched_real: MatchedReal
    by_score: DistanceByScore
    memorisation: Memorisation
    local_sensitivity: LocalSensitivity


def measure_controls(
    context: EvaluationContext, generated: dict[str, Generated], protocols: dict[str, ProtocolResult]
) -> Controls:
    """Measures everything of `Controls`.

    Args:
        context: for the real images, the target and the settings.
        generated: the images made under each protocol.
        protocols: what was measured of them.
    """
    rng = seeding.generator(context.seed, MATCHING)
    matched = {
        name: match_scores(made.requested.score, context.reference.score, rng) for name, made in generated.items()
    }
    return Controls(
        _matched_real(context, matched, protocols),
        _by_score(context, generated["uniform"]),
        _memorisation(context, generated["data"]),
        _sensitivity(context, generated["uniform"], matched["uniform"]),
    )


def _matched_real(
    context: EvaluationContext, matched: dict[str, Matched], protocols: dict[str, ProtocolResult]
) -> MatchedReal:
    real, n_resamples = context.reference, context.settings.n_resamples
    agreement = {
        name: class_agreement(real.logits[found.index], real.data.label[found.index], n_resamples)
        for name, found in matched.items()
    }
    index, settings = matched["uniform"].index, context.bootstrap_settings(n_resamples)
    own = real.score[index].numpy()
    judges = {name: in_vs_out(own, out[index].numpy(), **settings) for name, out in real.judge_scores.items()}
    requested = protocols["uniform"].judges
    return MatchedReal(
        gap={name: found.gap for name, found in matched.items()},
        class_agreement=agreement,
        class_agreement_gap={
            name: protocols[name].class_agreement.value - share.value for name, share in agreement.items()
        },
        judges=judges,
        judges_pearson={name: Ratio.of(requested[name].pearson.value, on.pearson.value) for name, on in judges.items()},
    )


def _by_score(context: EvaluationContext, made: Generated) -> DistanceByScore:
    is_image, real, train = context.data.is_image, context.reference, context.real["train"]
    distance = frechet_distance if is_image else partial(sliced_wasserstein, seed=context.settings.seed)
    return distance_by_score(
        Scored(features_of(made.x, context.features), made.requested.score),
        Scored(real.features, real.score),
        Scored(train.features, train.score),
        context.requested_range,
        distance,
        seeding.generator(context.seed, DRAWING),
    )


def _memorisation(context: EvaluationContext, made: Generated) -> Memorisation:
    real = context.reference.data.x
    drawn = torch.randperm(len(real), generator=seeding.generator(context.seed, DRAWING))[:MAX_IMAGES]
    return memorisation(made.x[:MAX_IMAGES], real[drawn], context.data.train.x)


def _sensitivity(context: EvaluationContext, made: Generated, matched: Matched) -> LocalSensitivity:
    real, index = context.reference, matched.index[:MAX_IMAGES]
    generated = _change(context, made.x[:MAX_IMAGES], made.requested.label[:MAX_IMAGES])
    return LocalSensitivity.of(generated, _change(context, real.data.x[index], real.data.label[index]))


def _change(context: EvaluationContext, x: Tensor, label: Tensor) -> Change:
    # Pixels span 2 in [-1, 1].
    sigma = 2 * NOISE if context.data.is_image else NOISE * context.data.train.x.std(dim=0)
    seed = seeding.derive(context.seed, CHANGING)
    return change_of_score(x, lambda x: context.score(predict(context.target, x), label), sigma, seed)
