"""Global galleries: different images of each class that the classifier finds about as uncertain as requested."""

from dataclasses import dataclass

import torch
from rich.progress import track
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import Generated, generate_scored
from uqgen.evaluation.matched import nearest_of_class
from uqgen.evaluation.real import RealImages, features_of
from uqgen.generators.model import ConditionalModel

NEAR = 0.05  # share of real images whose nearest neighbour counts as a near-duplicate of theirs


@dataclass(frozen=True)
class Duplicates:
    """How many images are left when each that is nearly one before it is dropped.

    More of more images are near to another one, so both sides have as many of each class: of a class with few real
    images, as many generated ones, the first.

    Attributes:
        n: number of images before on either side, over all classes.
        dropped: share of the generated ones that are dropped.
        dropped_real: the same of real images of the same classes and about the same scores.
    """

    n: int
    dropped: float
    dropped_real: float


@dataclass(frozen=True)
class Gallery:
    """Images requested for one score.

    Attributes:
        score: the score requested.
        generated: M candidates for each of K classes, class by class.
        shown: int64 [K, n], positions of those to be shown, no two of them nearly the same; -1 where there are no more.
        duplicates: what was dropped.
    """

    score: float
    generated: Generated
    shown: Tensor
    duplicates: Duplicates

    @property
    def probabilities(self) -> Tensor:
        """Of each candidate, float32 [K M, K]."""
        return predictive_logits(self.generated.logits).softmax(dim=1)


def make_galleries(
    model: ConditionalModel,
    context: EvaluationContext,
    scores: tuple[float, ...],
    n_candidates: int,
    n_shown: int,
    seed: int,
) -> list[Gallery]:
    """Makes a gallery for each score.

    Args:
        model: the trained model, on the device where to compute.
        context: what knows the target and the real images.
        scores: the scores requested.
        n_candidates: images made for each class and score, at least 2.
        n_shown: of them, those to be shown.
        seed: draws the noise, the same for every score.
    """
    bar = track(scores, "galleries, one a score")
    return [_make_gallery(model, context, score, n_candidates, n_shown, seed) for score in bar]


def distinct(features: Tensor, distance: float) -> Tensor:
    """Which of M images are kept when each that is too near to one kept before is dropped.

    Args:
        features: float64 [M, F].
        distance: Euclidean, below which two images are nearly the same.

    Returns:
        bool [M].
    """
    near = torch.cdist(features, features) < distance
    kept = torch.zeros(len(features), dtype=torch.bool)
    for position in range(len(features)):
        kept[position] = not (near[position] & kept).any()
    return kept


def nearest_distances(features: Tensor) -> Tensor:
    """Euclidean distance of each of M images to the nearest other one, float64 [..., M, F] to [..., M]."""
    distances = torch.cdist(features, features)
    return distances.diagonal_scatter(torch.full(features.shape[:-1], torch.inf), dim1=-2, dim2=-1).amin(dim=-1)


def _make_gallery(
    model: ConditionalModel, context: EvaluationContext, score: float, n_candidates: int, n_shown: int, seed: int
) -> Gallery:
    n_classes, real = context.data.n_classes, context.reference
    label = torch.arange(n_classes).repeat_interleave(n_candidates)
    requested = Condition(label, torch.full(label.shape, score))
    generated = generate_scored(model, requested, context.target, {}, context.score, seed)
    features = features_of(generated.x, context.features).double().unflatten(0, (n_classes, n_candidates))
    features_real = _real_features(real, score, n_candidates)
    apart = [nearest_distances(part) for part in features_real.values() if len(part) > 1]
    distance = float(torch.cat(apart).quantile(NEAR)) if apart else 0.0  # without two of a class nothing says it
    kept = torch.stack([distinct(part, distance) for part in features])
    kept_real = torch.cat([distinct(part, distance) for part in features_real.values()])
    as_many = torch.cat([kept[each, : len(part)] for each, part in features_real.items()])
    shares = (1 - float(part.double().mean()) for part in (as_many, kept_real))
    return Gallery(score, generated, _first(kept, n_shown), Duplicates(len(kept_real), *shares))


def _real_features(real: RealImages, score: float, n: int) -> dict[int, Tensor]:
    """Of the n real images whose scores are nearest, of each class of which there are some: float64 [at most n, F]."""
    own, score_of_one = Condition(real.data.label, real.score), torch.tensor([score])
    found = {}
    for label in real.data.label.unique():
        index = nearest_of_class(Condition(label[None], score_of_one), own, n)[0]
        found[int(label)] = real.features[index].double()
    return found


def _first(kept: Tensor, n: int) -> Tensor:
    """Positions of the first n kept of each row, int64 [K, n]; -1 where there are fewer. Rows follow each other."""
    n_rows, n_columns = kept.shape
    order = (~kept).long().argsort(dim=1, stable=True)[:, :n]
    position = order + n_columns * torch.arange(n_rows)[:, None]
    return torch.where(kept.gather(1, order), position, -1)
