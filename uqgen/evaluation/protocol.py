"""The two ways of requesting scores, and what is measured under each."""

from dataclasses import dataclass

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.in_vs_out import InVsOut

PROTOCOLS = ("data", "uniform")


@dataclass(frozen=True)
class ProtocolResult:
    """What was measured under one way of asking.

    Attributes:
        in_vs_out: asked scores against those obtained from the target.
        by_class: the same for each class asked.
        class_agreement: share of images whose most probable class, to the target, is the one asked.
        judges: for each judge, asked scores against those obtained from the judge.
    """

    in_vs_out: InVsOut
    by_class: dict[str, InVsOut]
    class_agreement: Estimate
    judges: dict[str, InVsOut]
