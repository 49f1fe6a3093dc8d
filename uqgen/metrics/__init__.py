"""Metrics, one file each: how a number is measured, what it is called, and where it is shown.

A file in this folder is found without being listed anywhere. Those that are named here stand in this order in every
table, what is not named comes after them.
"""

from importlib import import_module
from pkgutil import iter_modules

from uqgen.metrics.metric import (
    CONTROLS,
    DISTANCES,
    METRICS,
    PER_PROTOCOL,
    Evaluated,
    Metric,
    Row,
    Sample,
    ScorePairs,
    Sides,
    control,
    distance,
    per_protocol,
    register,
)

_ORDER = [
    *["failure_detection", "cost", "in_vs_out", "class_agreement", "disentanglement", "judges", "by_score"],
    *["memorisation", "local_sensitivity", "overlap", "cluster_shares", "isolated_pixels", "two_sample"],
    *["attribute_differences"],
    *["fidelity", "wasserstein"],
]


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


for _name in sorted((_module.name for _module in iter_modules(__path__)), key=_place):
    import_module(f"{__name__}.{_name}")

__all__ = [
    "CONTROLS",
    "DISTANCES",
    "METRICS",
    "PER_PROTOCOL",
    "Evaluated",
    "Metric",
    "Row",
    "Sample",
    "ScorePairs",
    "Sides",
    "control",
    "distance",
    "per_protocol",
    "register",
]
