"""Which classes a figure shows: all of them, or of many a chosen few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uqgen.conditioning.condition import Condition
from uqgen.report.names import fitted_names

MOST = 16  # classes that a figure has a row or a column for


@dataclass(frozen=True)
class ShownClasses:
    """The classes of a figure.

    Attributes:
        names: of all K classes.
        labels: R of 0 to K - 1, those with a row or a column of their own, increasing.
        rule: how they were chosen where they are not all.
    """

    names: Sequence[str]
    labels: Sequence[int]
    rule: str = ""

    @classmethod
    def all(cls, names: Sequence[str]) -> "ShownClasses":
        """Every class."""
        return cls(names, range(len(names)))

    @property
    def shown_names(self) -> list[str]:
        """R names, as they are."""
        return [self.names[label] for label in self.labels]

    def fitted(self, inches: float, points: float) -> list[str]:
        """R names for texts of a figure, see `fitted_names`; two of all K classes have different ones."""
        fitted = fitted_names(self.names, inches, points)
        return [fitted[label] for label in self.labels]

    @property
    def note(self) -> list[str]:
        """What the small print says of them: one part of it, none where all are shown."""
        n = len(self.names)
        return [] if len(self.labels) == n else [f"{len(self.labels)} of {n:,} classes: {self.rule}"]


def most_uncertain(names: Sequence[str], own: Condition, high_means: str) -> ShownClasses:
    """All classes, or of more than `MOST` those that the classifier is the least sure of.

    Args:
        names: of all K classes.
        own: class and score of real images.
        high_means: "confident" or "uncertain", of the score.
    """
    if len(names) <= MOST:
        return ShownClasses.all(names)
    label, score = own.label.cpu().numpy(), own.score.double().cpu().numpy()
    n = np.bincount(label, minlength=len(names))
    mean = np.bincount(label, score, len(names)) / np.maximum(n, 1)
    doubt = np.where(n > 0, mean if high_means == "uncertain" else -mean, -np.inf)
    chosen = np.argsort(-doubt, kind="stable")[:MOST]
    rule = "those whose real training images have the most uncertain mean score"
    return ShownClasses(names, sorted(chosen.tolist()), rule)
