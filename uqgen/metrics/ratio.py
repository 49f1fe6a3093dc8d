"""A quantity of generated images beside the same quantity of real ones."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Both values and their quotient.

    Attributes:
        generated, real: the values.
        ratio: generated / real; NaN where real is 0.
    """

    generated: float
    real: float
    ratio: float

    @classmethod
    def of(cls, generated: float, real: float) -> "Ratio":
        """Puts two values beside each other."""
        return cls(generated, real, generated / real if real != 0 else math.nan)
