"""What guidance at sampling buys, and what it costs: the same requests and latents under several strengths."""

from collections.abc import Callable, Sequence

from uqgen.evaluation.measurements import AtStrength, Measurements
from uqgen.generators.model import ConditionalModel


def measure_by_strength(
    model: ConditionalModel, strengths: Sequence[float], measure: Callable[[], Measurements]
) -> tuple[AtStrength, ...]:
    """Measures a model alone, and under each strength where something guides it.

    Args:
        model: the model.
        strengths: of guidance.
        measure: the model as it is.
    """
    guidance = model.guidance
    found = []
    for strength in sorted({0.0, *strengths}) if guidance else [0.0]:
        with model.guided_by(guidance.of_strength(strength) if guidance and strength > 0 else None):
            few = measure()
        uniform = few.protocols["uniform"]
        agreement = uniform.in_vs_out, uniform.class_agreement, uniform.judges
        found.append(AtStrength(strength, *agreement, few.realism, few.manifold, few.detail, few.texture))
    return tuple(found)
