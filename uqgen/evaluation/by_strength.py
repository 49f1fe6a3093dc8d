"""What guidance at sampling buys, and what it costs: the same requests and latents under several strengths."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.in_vs_out import InVsOut
from uqgen.evaluation.manifold import Manifold
from uqgen.generators.model import ConditionalModel

if TYPE_CHECKING:
    from uqgen.evaluation.measure import Evaluator, Realism


@dataclass(frozen=True)
class AtStrength:
    """What was measured under one strength of guidance.

    Attributes:
        strength: 0 is the model alone.
        in_vs_out: requested scores against those obtained from the target (uniform protocol).
        class_agreement: share of images whose most probable class, to the target, is the one requested (the same).
        judges: for each judge, requested scores against those obtained from the judge (the same).
        realism: of images requested as in the data.
        manifold: of these, generated beside real images by score, all classes together.
    """

    strength: float
    in_vs_out: InVsOut
    class_agreement: Estimate
    judges: dict[str, InVsOut]
    realism: "Realism"
    manifold: Manifold | None


def measure_by_strength(evaluator: "Evaluator", model: ConditionalModel) -> tuple[AtStrength, ...]:
    """Measures a model alone, and under each strength of the settings where something guides it."""
    guidance = model.guidance
    found = []
    for strength in sorted({0.0, *evaluator.settings.strengths}) if guidance else [0.0]:
        with model.guided_by(guidance.of_strength(strength) if guidance and strength > 0 else None):
            few = evaluator.measure_few(model, evaluator.settings.split, evaluator.settings.n_by_strength)
        uniform = few.protocols["uniform"]
        found.append(
            AtStrength(strength, uniform.in_vs_out, uniform.class_agreement, uniform.judges, few.realism, few.manifold)
        )
    return tuple(found)
