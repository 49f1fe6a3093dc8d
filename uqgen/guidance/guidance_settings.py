"""The settings of guidance at sampling."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.guidance.guidance import Guidance
from uqgen.scores import Score
from uqgen.settings import require, require_choice, require_integer, require_number

LEADERS = ("target", "mixture", "surrogates")


@dataclass(frozen=True)
class GuidanceSettings:
    """Which classifiers guide what is generated, and how strongly.

    Attributes:
        strength: of the guidance that images are made with unless another is requested; 0 for none.
        classifiers: "target", "surrogates" (classifiers like the target, trained with other seeds), or "mixture", both.
        n_surrogates: surrogates, that are neither target nor judge.

    Raises:
        SettingError: a value is out of range, or there are surrogates that are not used, or none that could be.

    Examples:
        >>> GuidanceSettings(strength=0.5, classifiers="mixture", n_surrogates=2).strength
        0.5
    """

    strength: float = 1.0
    classifiers: str = "target"
    n_surrogates: int = 0

    def __post_init__(self) -> None:
        require_number("strength", self.strength, 0)
        require_choice("classifiers", self.classifiers, LEADERS)
        require_integer("n_surrogates", self.n_surrogates, 0)
        fits = (self.n_surrogates > 0) == (self.classifiers != "target")
        require(fits, "n_surrogates", self.n_surrogates, "0 with classifiers=target, 1 or more with the others")

    def build(
        self, target: FrozenClassifier, surrogates: Sequence[FrozenClassifier], score: Score, real: Tensor
    ) -> Guidance:
        """The guidance.

        Args:
            target, surrogates: on the model's device; as many surrogates as `n_surrogates` at least.
            score: fitted to the target.
            real: float32 [N], scores of the training images.
        """
        leaders = {"target": (target,), "surrogates": (), "mixture": (target,)}[self.classifiers]
        leaders = (*leaders, *surrogates[: self.n_surrogates])
        return Guidance(leaders, score, (float(real.min()), float(real.max())), self.strength)
