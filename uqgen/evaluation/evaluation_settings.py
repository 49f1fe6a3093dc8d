"""The settings of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from uqgen.evaluation.public_features import PUBLIC, check_public_features
from uqgen.evaluation.real_cells import FEWEST
from uqgen.scores import SCORES, Score
from uqgen.settings import require, require_choice, require_integer, require_number, require_seed

REFERENCES = ("test", "validation")
DEFAULT_FEATURES = "default"
TAIL = 0.001  # share of real images below, and above, the scores that count as reachable


@dataclass(frozen=True)
class EvaluationSettings:
    """How a trained model is measured.

    Attributes:
        n_images: images generated under each protocol.
        n_images_in_training: the same for the evaluations on the way.
        n_resamples: resamples of the bootstrap.
        n_bins: bins of the curve of achieved by requested scores.
        n_manifold: generated images of each class and bin of scores that are compared with as many real ones; fewer
            where there are fewer real ones.
        n_judges: number of judges.
        split: the real images that floors, judges' references and controls use: "validation" to choose by, "test" to
            report on.
        features: what images are compared in: "default" (FID in features of a network of our own, the measures by class
            and score in low-pass pixels), or the name of a public network for both.
        weights: file of the public network's weights; None where it comes with a package, or to download it.
        best_of: images drawn for each image kept, where the one whose score is nearest to the requested is kept.
        n_at_sampling: images kept for each kind of help at sampling time.
        strengths: of guidance, under which the model is measured beside the model alone.
        n_by_strength: images generated under each protocol for each of these.
        n_recalibration: images drawn to fit the recalibration of the score fed.
        reachable: for a score's name, the lowest and the highest score to request uniformly, or None: as in the data.
        seed: draws conditions, latents and resamples.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> EvaluationSettings(n_images=2000, split="validation").n_judges
        3
    """

    n_images: int = 10_000
    n_images_in_training: int = 500
    n_resamples: int = 1_000
    n_bins: int = 20
    n_manifold: int = 200
    n_judges: int = 3
    split: str = "test"
    features: str = DEFAULT_FEATURES
    weights: str | None = None
    best_of: int = 8
    n_at_sampling: int = 500
    n_recalibration: int = 4_000
    strengths: Sequence[float] = (0.0, 0.5, 1.0, 1.5)
    n_by_strength: int = 500
    reachable: Mapping[str, Sequence[float] | None] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        require_integer("n_images", self.n_images, 2)
        require_integer("n_images_in_training", self.n_images_in_training, 2)
        require_integer("n_resamples", self.n_resamples, 1)
        require_integer("n_bins", self.n_bins, 1)
        require_integer("n_manifold", self.n_manifold, FEWEST)
        require_integer("n_judges", self.n_judges, 0)
        require_choice("split", self.split, REFERENCES)
        require_choice("features", self.features, (DEFAULT_FEATURES, *PUBLIC))
        if self.features != DEFAULT_FEATURES:
            check_public_features(self.features, self.weights)
        require(
            self.weights is None or self.features != DEFAULT_FEATURES,
            "weights",
            self.weights,
            f"null with features={DEFAULT_FEATURES}",
        )
        require_integer("best_of", self.best_of, 1)
        require_integer("n_at_sampling", self.n_at_sampling, 2)
        require_integer("n_recalibration", self.n_recalibration, 1)
        require_integer("n_by_strength", self.n_by_strength, 2)
        for strength in self.strengths:
            require_number("strengths", strength, 0)
        require_seed("seed", self.seed)
        for name, bounds in self.reachable.items():
            require_choice("reachable", name, SCORES)
            if bounds is not None:
                numbers = all(isinstance(bound, int | float) for bound in bounds)
                rising = len(bounds) == 2 and numbers and bounds[0] < bounds[1]
                require(rising, f"reachable.{name}", list(bounds), "[lowest, highest] with lowest < highest, or null")

    def check_range(self, score: Score, n_classes: int) -> None:
        """Refuses reachable bounds that the score cannot take.

        Raises:
            SettingError: they leave the score's range for that many classes.
        """
        low, high = score.range(n_classes)
        if bounds := self.reachable.get(score.name):
            inside = low <= bounds[0] and bounds[1] <= high
            allowed = f"within [{low:g}, {high:g}] for {n_classes} classes, or null for what the data have"
            require(inside, f"reachable.{score.name}", list(bounds), allowed)

    def requested_range(self, score: Score, real: Tensor) -> tuple[float, float]:
        """The lowest and the highest score to request uniformly.

        Args:
            score: the score.
            real: float32 [N], scores of real training images, for scores of which `reachable` says nothing.
        """
        if bounds := self.reachable.get(score.name):
            low, high = bounds
        else:
            low, high = np.quantile(real.numpy(), [TAIL, 1 - TAIL])
        return float(low), float(high)
