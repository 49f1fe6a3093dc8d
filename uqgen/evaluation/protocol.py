"""The two ways of requesting scores, and what is measured under each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.metrics.metric import PER_PROTOCOL, ScorePairs

PROTOCOLS = ("data", "uniform")


@dataclass(frozen=True)
class ProtocolResult:
    """What was measured under one protocol.

    Attributes:
        measured: what each of `uqgen.metrics.PER_PROTOCOL` found, by its name. Those that the program itself reads have
            a property with their type.
    """

    measured: Mapping[str, Any]

    @classmethod
    def of(cls, pairs: ScorePairs) -> "ProtocolResult":
        """Measures everything of `uqgen.metrics.PER_PROTOCOL`."""
        return cls({name: measure(pairs) for name, measure in PER_PROTOCOL.items()})

    @property
    def in_vs_out(self) -> InVsOut:
        """Requested scores against those that the target gives."""
        return cast(InVsOut, self.measured["in_vs_out"])

    @property
    def class_agreement(self) -> Estimate:
        """Share of images whose most probable class, to the target, is the one requested."""
        return cast(Estimate, self.measured["class_agreement"])

    @property
    def judges(self) -> dict[str, InVsOut]:
        """For each judge, requested scores against those that the judge gives."""
        return cast(dict[str, InVsOut], self.measured["judges"])
