"""In vs. out, fidelity, judges."""

__all__ = [
    "at_sampling",
    "by_strength",
    "context",
    "controls",
    "evaluation_settings",
    "features",
    "generated",
    "judge",
    "manifold",
    "measure",
    "measurements",
    "protocol",
    "score_bins",
    "side_by_side",
    "verdict",
]
