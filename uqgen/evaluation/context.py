"""What an evaluation knows before there is a model: the real images, the target, and the judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.fine_detail import SAME, FineDetail
from uqgen.data.low_pass import LowPass
from uqgen.data.texture import ALIKE, Texture
from uqgen.evaluation.evaluation_settings import DEFAULT_FEATURES, REFERENCES, EvaluationSettings
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.real import RealImages, features_of
from uqgen.evaluation.real_cells import FeatureSpace, RealCells
from uqgen.evaluation.score_bins import ScoreBins, score_bins
from uqgen.scores import Score

# Clusters of real images of one part of the range of scores: by what is drawn, and how it looks, whatever is drawn.
CLUSTERS_OF_CLASS, MOST_CLUSTERS, CLUSTERS_OF_APPEARANCE = 2, 100, 4


@dataclass(frozen=True)
class EvaluationContext:
    """A data set, a target and its judges, against which models are measured.

    Attributes:
        data: the data, set up.
        target, judges: classifiers, on the model's device.
        score: the score, fitted to the target.
        own: class and score, or scores, of every real training image.
        logits: for each split, float32 [N, K] or [N, M, K], the target's.
        settings: see there.
        features: what images are compared in, on the model's device; None for points.
    """

    data: InMemoryDataModule
    target: FrozenClassifier
    judges: dict[str, FrozenClassifier]
    score: Score
    own: Condition
    logits: dict[str, Tensor]
    settings: EvaluationSettings
    features: nn.Module | None = None
    _pooled: dict[tuple[str, int], dict[str, RealCells]] = field(default_factory=dict, init=False, repr=False)

    @property
    def requested_range(self) -> tuple[float, float]:
        """The lowest and the highest score requested under the uniform protocol."""
        return self.settings.requested_range(self.score, self.own.score)

    @property
    def ends(self) -> tuple[float, float]:
        """The most certain score requested under the uniform protocol, and the most uncertain one."""
        return self.score.certain_first(*self.requested_range)

    @cached_property
    def second(self) -> Self | None:
        """The same with the second score as the only one; None where there is none."""
        return None if self.score.second is None else replace(self, score=self.score.second, own=self.own.of_second())

    @cached_property
    def real(self) -> dict[str, RealImages]:
        """The real images of each split."""
        return {
            split: RealImages(getattr(self.data, split), logits, self.fitted_judges, self.score, self.features)
            for split, logits in self.logits.items()
        }

    @cached_property
    def bins(self) -> ScoreBins:
        """The parts of the range of scores in which images are looked at."""
        return score_bins(self.score, self.requested_range, self.own.score)

    @cached_property
    def real_cells(self) -> dict[str, RealCells]:
        """The real images of each class and bin of scores, as they are compared for each field of `Measurements`."""
        names, n_most = self.data.class_names, self.settings.n_manifold
        return self._cells(self.settings.split, names, n_most, self.seed)

    def pooled_cells(self, split: str, n_most: int) -> dict[str, RealCells]:
        """The same for few images: of all classes together."""
        if (split, n_most) not in self._pooled:
            self._pooled[split, n_most] = self._cells(split, ["all"], n_most, self.seed_of(split))
        return self._pooled[split, n_most]

    @property
    def reference(self) -> RealImages:
        """The real images that generated ones are compared with."""
        return self.real[self.settings.split]

    @property
    def seed(self) -> int:
        """Draws conditions and latents, others for each split."""
        return self.seed_of(self.settings.split)

    def bootstrap_settings(self, n_resamples: int) -> dict[str, Any]:
        """What `in_vs_out` needs to know besides the scores."""
        edges = np.linspace(*self.requested_range, self.settings.n_bins + 1)
        return {"edges": edges, "n_resamples": n_resamples, "seed": self.settings.seed}

    def seed_of(self, split: str) -> int:
        """Draws conditions and latents for a split."""
        return seeding.derive(self.settings.seed, REFERENCES.index(split))

    def _cells(self, split: str, class_names: Sequence[str], n_most: int, seed: int) -> dict[str, RealCells]:
        sides = self.real["train"].scored, self.real[split].scored
        own = LowPass() if self.data.is_image and self.settings.features == DEFAULT_FEATURES else self.features
        n_clusters = min(CLUSTERS_OF_CLASS * self.data.n_classes, MOST_CLUSTERS)
        spaces = {"manifold": FeatureSpace(partial(features_of, network=own), n_clusters)}
        if self.data.is_image:
            for name, network, least in (("detail", FineDetail(), SAME), ("texture", Texture(), ALIKE)):
                features = partial(features_of, network=network)
                spaces[name] = FeatureSpace(features, CLUSTERS_OF_APPEARANCE, least, network.strength_of_detail)
        return {
            name: RealCells.of(*sides, self.bins, class_names, space, n_most, seed) for name, space in spaces.items()
        }

    @cached_property
    def fitted_judges(self) -> dict[str, Judge]:
        """The judges, each with its own score."""
        validation = self.data.validation
        return {name: Judge.fitted(judge, self.score, validation) for name, judge in self.judges.items()}
