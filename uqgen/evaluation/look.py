"""Real and generated images in random order, for a person to distinguish."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import make_images
from uqgen.generators.model import ConditionalModel
from uqgen.settings import require

# Shares of the reachable range of scores, from its confident end: nearer is certain, farther is uncertain.
CERTAIN, UNCERTAIN = 0.01, 0.15


@dataclass(frozen=True)
class MixedImages:
    """As many real as generated images, in random order; each generated one was requested as a real one is.

    Attributes:
        x: uint8 [2 N, C, H, W].
        condition: class and score of the real images, and those requested of the generated ones.
        is_real: bool [2 N].
        is_certain: bool [2 N], whether the score is of the confident end.
    """

    x: Tensor
    condition: Condition
    is_real: Tensor
    is_certain: Tensor


def mix_images(model: ConditionalModel, context: EvaluationContext, n: int, seed: int) -> MixedImages:
    """Draws real images, has one generated for each, and shuffles them.

    Args:
        model: a trained model of images.
        context: the real images; its settings say from which split.
        n: number N of real images, half of them certain, half uncertain, spread evenly over the classes.
        seed: draws the images, the noise and the order.

    Raises:
        SettingError: the split has too few images of a class.
    """
    real, score = context.reference, context.score
    scores = score.scores(real.logits, real.data.label)
    second = None if score.second is None else scores[:, 1]
    condition = Condition(real.data.label, scores[:, 0], second=second)
    confident, other = context.ends
    doubt = (confident - condition.score) / (confident - other)
    drawn = draw_halves(condition.label, doubt, n, context.data.n_classes, seeding.generator(seed, 0))
    requested = condition.select(drawn)
    made = make_images(model, requested, seeding.derive(seed, 1))
    order = torch.randperm(2 * n, generator=seeding.generator(seed, 2))
    origin = order % n  # the real image that it is, or that it was requested as
    x = torch.cat([real.data.x[drawn], made])[order]
    return MixedImages(x, requested.select(origin), order < n, origin < n_certain(n))


def n_certain(n: int) -> int:
    """How many of n images are certain."""
    return (n + 1) // 2


def draw_halves(label: Tensor, doubt: Tensor, n: int, n_classes: int, rng: torch.Generator) -> Tensor:
    """Draws n images without replacement: certain ones, then uncertain ones, over all classes evenly.

    Classes without images are left out. One with too few images within `CERTAIN`, or beyond `UNCERTAIN`, gives its most
    certain, or uncertain, ones.

    Args:
        label: int64 [M], the class.
        doubt: float32 [M], distance of the score from the confident end, as a share of the reachable range.
        n: number of images.
        n_classes: number K of classes.
        rng: what is drawn follows from it.

    Returns:
        Positions int64 [n], of which the first `n_certain` are certain.

    Raises:
        SettingError: a class has fewer images than are to be drawn of it.
    """
    present = label.unique()
    classes = present[torch.randperm(len(present), generator=rng)].repeat(-(-n // len(present)))[:n]
    wanted = torch.stack([half.bincount(minlength=n_classes) for half in classes.tensor_split([n_certain(n)])])
    has = label.bincount(minlength=n_classes)
    fewest = int((has - wanted.sum(dim=0)).argmin())
    allowed = f"less: there are {has[fewest]} images of class {fewest}, and {wanted[:, fewest].sum()} are drawn"
    require(bool((has >= wanted.sum(dim=0)).all()), "n", n, allowed)
    halves = zip(*wanted.tolist(), strict=True)
    drawn = [_draw_of_class(label == k, doubt, *half, rng=rng) for k, half in enumerate(halves)]
    certain, uncertain = zip(*drawn, strict=True)
    return torch.cat([*certain, *uncertain])


def _draw_of_class(
    is_member: Tensor, doubt: Tensor, n_certain: int, n_uncertain: int, *, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    member = is_member.nonzero().squeeze(1)
    member = member[doubt[member].argsort(stable=True)]
    bounds = [int((doubt[member] <= CERTAIN).sum()), int((doubt[member] < UNCERTAIN).sum())]
    first, last = (min(max(bound, n_certain), len(member) - n_uncertain) for bound in bounds)
    return _draw(member[:first], n_certain, rng), _draw(member[last:], n_uncertain, rng)


def _draw(pool: Tensor, n: int, rng: torch.Generator) -> Tensor:
    return pool[torch.randperm(len(pool), generator=rng)[:n]]
