"""In vs. out, fidelity, judges."""

__all__ = [
    "at_sampling",
    "by_strength",
    "context",
    "controls",
    "features",
    "generated",
    "judge",
    "manifold",
    "measure",
    "measurements",
    "protocol",
    "score_bins",
    "settings",
    "side_by_side",
    "verdict",
]
