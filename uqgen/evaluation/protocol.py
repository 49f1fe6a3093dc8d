"""The two ways of requesting scores, and what is measured under each."""

from dataclasses import dataclass

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.in_vs_out import InVsOut

PROTOCOLS = ("data", "uniform")


@dataclass(frozen=True)
class ProtocolResult:
    """What was measured under one way of asking.

    Attributes:
        in_vs_out: requested scores against those that the target gives.
        by_class: the same for each class requested.
        class_agreement: share of images whose most probable class, to the target, is the one requested.
        judges: for each judge, requested scores against those that the judge gives.
    """

    in_vs_out: InVsOut
    by_class: dict[str, InVsOut]
    class_agreement: Estimate
    judges: dict[str, InVsOut]
