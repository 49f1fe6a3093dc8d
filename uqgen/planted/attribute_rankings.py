"""Which attributes a classifier's weakness is made of: rankings, none of which knows the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.attributes import Floats
from uqgen.explanation.discovery.discovery import draw_examined, find_attributes
from uqgen.explanation.discovery.naming import matching_names, name_steps
from uqgen.explanation.discovery.own_discovery import certain_end, take_own_steps
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.explanation.discovery.viewers import Viewers
from uqgen.explanation.own_weakness import lead_over_judges, own_weakness
from uqgen.explanation.shares import Explained, WeightedScores, balanced_weights, explain_variance
from uqgen.explanation.slicing import Seen
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score

N_ATTRIBUTES = 6  # that are discovered, at most
N_EXAMINED = 80  # generated images in which they are looked for, and others in which they are measured
N_RESAMPLES, N_BINS = 300, 10

Names = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class RankingInput:
    """A classifier, the class that is looked at, and what may be looked at.

    Attributes:
        classifier: on the model's device, as are the judges.
        judges: sound classifiers.
        score: fitted to the classifier.
        range: its lowest and its highest score.
        label: the class.
        x: real images of the class, uint8 [N, C, H, W].
        attributes: the named ones of the same, float64 [N] for each name.
        model: of images like these.
        seed: of what is drawn.
    """

    classifier: FrozenClassifier
    judges: Sequence[FrozenClassifier]
    score: Score
    range: tuple[float, float]
    label: int
    x: Tensor
    attributes: dict[str, Floats]
    model: ConditionalModel
    seed: int

    @property
    def labels(self) -> Tensor:
        """The class, once for each real image; int64 [N]."""
        return torch.full((len(self.x),), self.label)

    def generated(self, scores: tuple[float, float]) -> tuple[Subjects, Subjects]:
        """Generated images in which attributes are looked for, and others in which they are measured."""
        return draw_examined(self.model, torch.tensor([self.label]), scores, 2 * N_EXAMINED, self.seed).halves

    @property
    def viewers(self) -> Viewers:
        """The classifier alone, as discovery takes it."""
        return Viewers(self.classifier, self.score, {}, self.range)


Ranking = Callable[[RankingInput], Names]
RANKINGS: dict[str, Ranking] = {}


def ranking(name: str) -> Callable[[Ranking], Ranking]:
    """Decorator that registers a ranking: for each place, the names of what stands there, the most fitting first."""

    def register(rank: Ranking) -> Ranking:
        RANKINGS[name] = rank
        return rank

    return register


def suspected_class(found_on: Seen) -> int:
    """The class of which the classifier is wrong about more images than its judges on average, by the most."""
    excess = found_on.is_wrong - found_on.judges_wrong.mean(axis=1)
    classes = np.unique(found_on.label)
    return int(max(classes, key=lambda label: excess[found_on.label == label].mean()))


@ranking("discovered: by the score")
def discovered(given: RankingInput) -> Names:
    """As `uqgen.explain` discovers attributes."""
    found = find_attributes(*given.generated(given.range), given.viewers, N_ATTRIBUTES, N_RESAMPLES)
    return tuple(matching_names(each.named) for each in found)


@ranking("discovered: by the difference to judges")
def discovered_own(given: RankingInput) -> Names:
    """Along the gradients of the difference to the judges, in images that the classifier is sure of."""
    halves = given.generated(certain_end(given.viewers))
    taken = take_own_steps(*halves, given.judges, given.viewers, N_ATTRIBUTES)
    return tuple(matching_names(name_steps(steps.x, N_RESAMPLES, given.seed)) for _, steps in taken)


@ranking("real images: shares of the score")
def shares_of_score(given: RankingInput) -> Names:
    """Named attributes in the order in which they explain the score."""
    score = given.score(given.classifier.predict(given.x), given.labels).double().numpy()
    sample = WeightedScores(score, np.arange(len(score)), balanced_weights(score, *given.range, N_BINS))
    return _by_share(explain_variance(given.attributes, sample, N_RESAMPLES, given.seed))


@ranking("real images: shares of the difference to judges")
def shares_of_difference(given: RankingInput) -> Names:
    """Named attributes in the order in which they explain how far it is behind the judges."""
    mine, *others = (each.predict(given.x) for each in (given.classifier, *given.judges))
    lead = lead_over_judges(mine, others, given.labels)
    return _by_share(own_weakness(given.attributes, lead, N_RESAMPLES, given.seed).explained)


def _by_share(explained: Explained) -> Names:
    """Nothing where there are too few images for shares."""
    if np.isnan(explained.r2.value):
        return ()
    return tuple((name,) for name in sorted(explained.shares, key=lambda name: -explained.shares[name].value))
