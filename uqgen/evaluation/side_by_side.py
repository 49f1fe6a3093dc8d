"""Generated images beside real ones of the same class and score, none of them selected: what the numbers stand for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import unit_range
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.score_bins import ScoreBins
from uqgen.generators.model import ConditionalModel

ENDS = ("certain", "uncertain")
N_SHOWN, MOST_CLASSES = 12, 20  # images of a class, and classes
N_ROWS = 4  # classes shown from certain to uncertain
N_NEAR = 30  # real images of a class nearest to a score, of which random ones are shown
UNCERTAIN = {"msp": 0.7}  # as in figure 3 of the paper; for other scores, the middle of the range requested


@dataclass(frozen=True)
class SideBySide:
    """Images of K classes, n each.

    Attributes:
        generated: float32 [K, n, C, H, W] in [-1, 1].
        real: the same; class and score of each were requested of the generated one in its place.
        classes: int64 [K], which they are.
        low, high: the lowest and the highest score among them.
    """

    generated: Tensor
    real: Tensor
    classes: Tensor
    low: float
    high: float


def side_by_side(context: EvaluationContext, model: ConditionalModel) -> dict[str, SideBySide]:
    """Random images of each class at the certain end and about a less certain score, one for each of `ENDS`.

    Args:
        context: for the real images of its split, which are images.
        model: the trained model.
    """
    real = context.reference.condition
    classes = spread_classes(real.label, MOST_CLASSES)
    uncertain = UNCERTAIN.get(context.score.name, sum(context.requested_range) / 2)
    rng = seeding.generator(context.settings.seed)
    chosen = (at_certain_end(real, context.bins, classes, rng), about(uncertain, real, classes, rng))
    return {
        name: _beside(context, _random(context, model, index), index, classes)
        for name, index in zip(ENDS, chosen, strict=True)
    }


def spread_classes(label: Tensor, n: int) -> Tensor:
    """At most n of the classes of which there are images, evenly spread over their list.

    Args:
        label: int64 [N], of every image.
        n: how many.

    Returns:
        int64 [at most n], increasing.
    """
    there = label.unique()
    return there[np.linspace(0, len(there) - 1, min(len(there), n)).round().astype(np.int64)]


def at_certain_end(real: Condition, bins: ScoreBins, classes: Tensor, rng: torch.Generator) -> Tensor:
    """Random real images of each class at the certain end.

    Args:
        real: class and score of every real image.
        bins: of scores.
        classes: int64 [K], which.
        rng: draws the images.

    Returns:
        int64 [K, 12], their positions; where a class has fewer there, the nearest to it fill up.
    """
    end = bins.edges[-1] if bins.certain_is_last else bins.edges[0]
    drawn = torch.rand(len(real.score), generator=rng)
    order = torch.where(bins.of(real.score) == bins.certain, drawn, 1 + (real.score - end).abs())
    return _first_of_class(order, real.label, classes, N_SHOWN)


def about(score: float, real: Condition, classes: Tensor, rng: torch.Generator) -> Tensor:
    """Random ones of the 30 real images of each class whose scores are nearest to one score.

    Args:
        score: the score.
        real, classes, rng: see `at_certain_end`.

    Returns:
        int64 [K, 12], their positions.
    """
    near = _first_of_class((real.score - score).abs(), real.label, classes, N_NEAR)
    drawn = torch.rand(near.shape, generator=rng).argsort(dim=1)[:, :N_SHOWN]
    return near.gather(1, drawn)


def along_scores(context: EvaluationContext, model: ConditionalModel, scores: Sequence[float]) -> SideBySide:
    """From certain to uncertain: for a few classes and each score the real image that is nearest, and a generated one.

    Args:
        context: for the real images of its split, which are images.
        model: the trained model.
        scores: one for each column; of the generated images of a row all but the score is the same.
    """
    real = context.reference.condition
    classes = spread_classes(real.label, N_ROWS)
    index = torch.cat([_first_of_class((real.score - score).abs(), real.label, classes, 1) for score in scores], dim=1)
    rng = seeding.generator(context.settings.seed, device=model.device)
    made = model.sweep(classes.to(model.device), real.score[index].to(model.device), rng)
    return _beside(context, made, index, classes)


def _first_of_class(order: Tensor, label: Tensor, classes: Tensor, n: int) -> Tensor:
    """The n of each class with the lowest `order`, int64 [K, n]; fewer where the rarest class has fewer."""
    is_other = label != classes[:, None]
    fewest = int((~is_other).sum(dim=1).min())
    return order.expand_as(is_other).masked_fill(is_other, torch.inf).topk(min(n, fewest), largest=False).indices


def _random(context: EvaluationContext, model: ConditionalModel, index: Tensor) -> Tensor:
    """Generated images of the class and score of the real images at `index`, [K, n, C, H, W], each of its own noise."""
    requested = context.reference.condition.select(index.flatten()).to(model.device)
    rng = seeding.generator(context.settings.seed, device=model.device)
    return model(model.draw(len(requested.label), [requested], rng), requested).unflatten(0, index.shape)


def _beside(context: EvaluationContext, made: Tensor, index: Tensor, classes: Tensor) -> SideBySide:
    """Generated images beside the real ones at `index`, [K, n], in whose places they are."""
    real = unit_range(context.reference.data.x[index])
    return SideBySide(made.cpu(), real, classes, *map(float, context.reference.condition.score[index].aminmax()))
