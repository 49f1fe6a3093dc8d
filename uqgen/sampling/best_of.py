"""Best of k: of several images of the same condition, the one whose achieved score is nearest to the requested."""

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from uqgen import distributed
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import to_uint8
from uqgen.generators.latent import Latent, where_rows
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score
from uqgen.settings import require_integer


@dataclass(frozen=True)
class Drawn:
    """One image for each condition.

    Attributes:
        x: uint8 [N, C, H, W], or points float32 [N, 2], on the CPU.
        score_out: float32 [N], the score that the target gives; where a score needs the class, it is the one requested.
        cost: images drawn for each image kept.
    """

    x: Tensor
    score_out: Tensor
    cost: int


def best_of(
    model: ConditionalModel,
    requested: Condition,
    target: FrozenClassifier,
    score: Score,
    k: int,
    rng: torch.Generator,
    fed: Condition | None = None,
) -> Drawn:
    """Of k images for each condition keeps the one that minimises |achieved - requested|, the first among equals.

    Images are rounded to the 256 levels of real ones before they are scored. They are drawn in k rounds of N, of which
    no more than the best so far are held. The first round draws what `generate` draws from the same random numbers, so
    the best of 1 is the raw generator's image, and more rounds only take an image's score nearer to the requested.
    Every process does its share, and has the whole.

    Args:
        model: the trained model.
        requested: N classes and scores.
        target: the frozen classifier, on the model's device.
        score: the score, bounded or not.
        k: images drawn for each image kept.
        rng: draws the latents, on the model's device.
        fed: what the generator is given instead of what is requested, such as the requested recalibrated.

    Raises:
        SettingError: k is below 1.
    """
    require_integer("best_of", k, 1)
    requested, fed = requested.to("cpu"), (requested if fed is None else fed).to("cpu")
    n = len(requested.score)
    mine = distributed.share(n)
    my_requested, my_fed = requested.select(mine), fed.select(mine)
    rounds = (
        _draw(model, model.draw(n, [my_fed.to(model.device)], rng, mine), my_fed, target, score) for _ in range(k)
    )
    best = reduce(lambda kept, new: _nearer(kept, new, my_requested.score), rounds)
    return Drawn(distributed.gather(best.x), distributed.gather(best.score_out), cost=k)


def _draw(model: ConditionalModel, latent: Latent, fed: Condition, target: FrozenClassifier, score: Score) -> Drawn:
    made = model(latent, fed.to(model.device))
    x = (to_uint8(made) if made.dim() == 4 else made).cpu()
    return Drawn(x, score(target.predict(x), fed.label), cost=1)


def _nearer(kept: Drawn, new: Drawn, requested: Tensor) -> Drawn:
    """Of each pair of images the one whose score is nearer to the requested, float32 [N]."""
    nearer = (new.score_out - requested).abs() < (kept.score_out - requested).abs()
    score_out = torch.where(nearer, new.score_out, kept.score_out)
    return Drawn(where_rows(nearer, new.x, kept.x), score_out, kept.cost + new.cost)
