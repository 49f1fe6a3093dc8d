"""Controls against cheating: agreement must not be adversarial, and must not cost realism."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from uqgen import seeding
from uqgen.classifiers.predictions import predict
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import Generated
from uqgen.evaluation.matched import Matched, match_scores
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.metrics import CONTROLS, Evaluated, Sample
from uqgen.metrics.attribute_differences import AttributeDifferences
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.class_agreement import class_agreement
from uqgen.metrics.fidelity import frechet_distance
from uqgen.metrics.in_vs_out import InVsOut, in_vs_out
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import TwoSample
from uqgen.metrics.wasserstein import sliced_wasserstein

MATCHING = 1  # a stream of random numbers


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


def share_seen(generated: float, real: float, own: float) -> float:
    """Share of the uncertainty that judges see in generated data, of what they would see in real data.

    Of requests that the target itself does not find, a judge cannot see more: what the judges can reach is their
    correlation on real data times the target's own.

    Args:
        generated: mean Pearson correlation of requested and judges' scores, in [-1, 1].
        real: that of real data of these scores.
        own: Pearson correlation of requested and achieved scores, which the target gives.

    Returns:
        The share; NaN where a correlation is NaN, or the judges could reach nothing.

    Examples:
        >>> round(share_seen(0.32, 0.8, 0.5), 2)
        0.8
    """
    return generated / (real * own) if real > 0 and own > 0 else math.nan


@dataclass(frozen=True)
class Controls:
    """All controls of one evaluation.

    Attributes:
        matched_real: see there.
        measured: what each of `uqgen.metrics.CONTROLS` found, by its name. Those that the program itself reads have a
            property with their type.
    """

    matched_real: MatchedReal
    measured: Mapping[str, Any]

    @property
    def memorisation(self) -> Memorisation:
        """Of training images."""
        return cast(Memorisation, self.measured["memorisation"])

    @property
    def local_sensitivity(self) -> LocalSensitivity:
        """Of the achieved scores, beside real images with the requested ones."""
        return cast(LocalSensitivity, self.measured["local_sensitivity"])

    @property
    def isolated_pixels(self) -> ShareRatio | None:
        """Shares of images in which one is."""
        return cast(ShareRatio | None, self.measured["isolated_pixels"])

    @property
    def attributes(self) -> AttributeDifferences | None:
        """Their means in each class."""
        return cast(AttributeDifferences | None, self.measured["attributes"])

    @property
    def two_sample(self) -> TwoSample | None:
        """Whether a network tells generated from real images."""
        return cast(TwoSample | None, self.measured["two_sample"])


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
    found = _evaluated(context, generated, matched["uniform"])
    measured = {name: measure(found) for name, measure in CONTROLS.items()}
    return Controls(_matched_real(context, matched, protocols), measured)


def _evaluated(context: EvaluationContext, generated: dict[str, Generated], matched: Matched) -> Evaluated:
    sides = (generated["data"], generated["uniform"], context.reference, context.real["train"])
    as_data, uniform, real, train = (Sample(side.features, *side.scored) for side in sides)
    is_image = context.data.is_image
    return Evaluated(
        as_data=as_data,
        uniform=uniform,
        real=real,
        matched=matched.index,
        train=train,
        score_of=lambda x, label: context.score(predict(context.target, x), label),
        is_certain=lambda score: context.bins.of(score) == context.bins.certain,
        class_names=context.data.class_names,
        distance=frechet_distance if is_image else partial(sliced_wasserstein, seed=context.settings.seed),
        requested_range=context.requested_range,
        is_image=is_image,
        seed=context.seed,
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
