"""All numbers of one evaluation: in vs. out, class agreement, fidelity, judges, controls."""

from dataclasses import dataclass, field
from typing import Any

from uqgen.evaluation.at_sampling import AtSampling
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.generated import Generated
from uqgen.evaluation.manifold import Manifold
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.score_quality import ScoreQuality
from uqgen.evaluation.verdict import Verdict
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.disentanglement import Disentanglement
from uqgen.metrics.in_vs_out import InVsOut


@dataclass(frozen=True)
class SecondScore:
    """What was measured of a second score.

    Attributes:
        name: of the score.
        protocols, real_judges: see `Measurements`.
        disentanglement: for each protocol, whether the first score and this one follow each what is requested of it
            alone.
    """

    name: str
    protocols: dict[str, ProtocolResult]
    disentanglement: dict[str, Disentanglement]
    real_judges: dict[str, InVsOut] = field(default_factory=dict)


@dataclass(frozen=True)
class AtStrength:
    """What was measured under one strength of guidance.

    Attributes:
        strength: 0 is the model alone.
        in_vs_out: requested scores against those that the target gives (uniform protocol).
        class_agreement: share of images whose most probable class, to the target, is the one requested (the same).
        judges: for each judge, requested scores against those that the judge gives (the same).
        realism: of images requested as in the data, see `Measurements`.
        manifold, detail, texture: of these, generated beside real images by score, all classes together, see
            `Measurements`.
    """

    strength: float
    in_vs_out: InVsOut
    class_agreement: Estimate
    judges: dict[str, InVsOut]
    realism: dict[str, Any]
    manifold: Manifold | None
    detail: Manifold | None = None
    texture: Manifold | None = None


@dataclass(frozen=True)
class Measurements:
    """One evaluation.

    Attributes:
        protocols: for "data" (requested as in the data) and "uniform" (requested uniformly over the reachable range).
        realism: for each of `uqgen.metrics.DISTANCES`, what was measured between data requested as in the data and
            real training data; with `_floor`, the same of other real data, not in training.
        generated: the images behind each protocol.
        milliseconds: to make one of them and have it scored by target and judges, on this machine.
        real_judges: for each judge, scores the target gives real images, as they are in the data, against those the
            judge gives them; none in training.
        manifold: generated beside real images by class and score; in training by score alone, beside validation
            images.
        detail: the same of images, compared in how strong their fine detail is, see `FineDetail`; None of points.
        texture: the same, compared in their texture, see `Texture`.
        score_quality: how far the score can be trusted on real images; None in training.
        controls: see there; None in training.
        verdict: what is wrong with the generator; None in training.
        by_strength: the model alone and under several strengths of guidance, by strength; none in training.
        at_sampling: what help without a gradient brings to the model alone (uniform protocol); none in training.
        second: of the second score; None where there is none.
    """

    protocols: dict[str, ProtocolResult]
    realism: dict[str, Any]
    generated: dict[str, Generated]
    milliseconds: float = float("nan")
    manifold: Manifold | None = None
    detail: Manifold | None = None
    texture: Manifold | None = None
    real_judges: dict[str, InVsOut] = field(default_factory=dict)
    score_quality: ScoreQuality | None = None
    controls: Controls | None = None
    verdict: Verdict | None = None
    by_strength: tuple[AtStrength, ...] = ()
    at_sampling: dict[str, AtSampling] = field(default_factory=dict)
    second: SecondScore | None = None

    @property
    def appearance(self) -> dict[str, Manifold]:
        """What of `detail` and `texture` was measured."""
        return {
            name: found for name, found in (("detail", self.detail), ("texture", self.texture)) if found is not None
        }
