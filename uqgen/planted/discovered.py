"""What is discovered in generated images of the class that a weak classifier errs on, and what of a sound one."""

from dataclasses import dataclass

import numpy as np
import torch

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.explanation.discovery.discovery import draw_examined, find_attributes
from uqgen.explanation.discovery.naming import matching_names
from uqgen.explanation.discovery.viewers import Viewers
from uqgen.explanation.slicing import Seen
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score

N_ATTRIBUTES = 6  # that are discovered, at most
N_EXAMINED = 80  # images in which they are looked for, and others in which they are measured

Names = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Attributes:
    """Discovered attributes, the first moves the score most.

    Attributes:
        label: the class that was looked at.
        weak: for each attribute that moves the weak classifier's score, the names it goes with, the one that it changes
            most first.
        sound: the same of a sound classifier.
    """

    label: int
    weak: Names
    sound: Names


def suspected_class(found_on: Seen) -> int:
    """The class of which the classifier is wrong about more images than its judges on average, by the most."""
    excess = found_on.is_wrong - found_on.judges_wrong.mean(axis=1)
    classes = np.unique(found_on.label)
    return int(max(classes, key=lambda label: excess[found_on.label == label].mean()))


def discover_names(
    model: ConditionalModel,
    classifier: FrozenClassifier,
    score: Score,
    label: int,
    requested_range: tuple[float, float],
    seed: int,
) -> Names:
    """The names of the attributes that move a classifier's score in generated images of a class.

    Args:
        model: whose images are changed.
        classifier: on the model's device.
        score: fitted to it.
        label: the class.
        requested_range: the scores requested of the model.
        seed: draws the images.
    """
    images = draw_examined(model, torch.tensor([label]), requested_range, 2 * N_EXAMINED, seed)
    halves = images.select(slice(N_EXAMINED)), images.select(slice(N_EXAMINED, None))
    viewers = Viewers(classifier, score, {}, requested_range)
    return tuple(matching_names(each.named) for each in find_attributes(*halves, viewers, N_ATTRIBUTES))
