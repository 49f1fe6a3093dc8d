"""A given image, more uncertain or surer, with the smallest change that reaches the score asked.

An image's change is what the generator changes when the condition does, its latent kept, and it is made to the image
given, not to its reconstruction: what the inversion misses of an image is neither lost nor counted as a change. Where
no condition reaches the score, W+ is optimised as well.
"""

from dataclasses import dataclass

import torch
from rich.progress import track
from torch import Tensor
from torch.optim import Adam

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.explanation.edits import Edits, distance, rounded, smallest_change
from uqgen.explanation.inversion import Inversion, generator_of, regenerate, rescored, w_of
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score

N_FED = 16  # scores fed on either side of the own one
RATE = 0.02  # of Adam
CHANGE_WEIGHT = 0.1  # of the mean square change of pixels, beside the squared difference of scores


@dataclass(frozen=True)
class ConditionEdits:
    """Edits of N images to S scores by the condition alone.

    Attributes:
        edits: of all scores fed, those with the smallest change that reach the score, or else those nearest to it.
        fed: float32 [N, S], the scores fed for them, on the CPU.
    """

    edits: Edits
    fed: Tensor


@torch.no_grad()
def edit_by_condition(
    gan: ConditionalModel,
    inversion: Inversion,
    target: FrozenClassifier,
    score: Score,
    asked: Tensor,
    ends: tuple[float, float],
    tolerance: float,
) -> ConditionEdits:
    """Edits by the condition alone: scores from the own one to either end are fed, latent and offsets kept.

    Args:
        gan: the trained GAN.
        inversion: of N images.
        target: on the GAN's device.
        score: fitted to the target.
        asked: float32 [S].
        ends: the lowest and the highest score fed.
        tolerance: by which a score may be missed.
    """
    own, n = inversion.own, len(inversion)
    way = torch.linspace(0, 1, N_FED + 1, device=gan.device)[1:]
    to_ends = [own.score[:, None] + (end - own.score[:, None]) * way for end in ends]
    fed = torch.cat([own.score[:, None], *to_ends], dim=1)
    images = [
        to_uint8(inversion.x + regenerate(gan, inversion, rescored(gan, own, column)) - inversion.reconstruction).cpu()
        for column in track(list(fed.unbind(dim=1)), "edits by condition, one score a step")
    ]
    candidates = Edits.scored(torch.stack(images, dim=1), own.label, target, score)
    change = distance(candidates.x, to_uint8(inversion.x).cpu()[:, None])
    miss = (candidates.score_out[:, None] - asked.cpu()[:, None]).abs()
    chosen = smallest_change(change[:, None].expand_as(miss), miss, tolerance)
    row = torch.arange(n)[:, None]
    found = (part[row, chosen] for part in (candidates.x, candidates.score_out, candidates.predicted))
    return ConditionEdits(Edits(*found), fed.cpu()[row, chosen])


def edit(
    gan: ConditionalModel,
    inversion: Inversion,
    target: FrozenClassifier,
    score: Score,
    asked: Tensor,
    start: ConditionEdits,
    tolerance: float,
    n_steps: int,
) -> Edits:
    """Goes on in W+ with those edits by the condition that have not reached their score.

    Args:
        gan, inversion, target, score, asked, tolerance: see `edit_by_condition`.
        start: what that returned.
        n_steps: steps in W+, at most.
    """
    edits = start.edits
    image, level = ((edits.score_out - asked.cpu()).abs() > tolerance).nonzero(as_tuple=True)
    if len(image) == 0:
        return edits
    part = inversion.select(image.to(gan.device))
    fed, wanted = start.fed[image, level].to(gan.device), asked[level.to(asked.device)].to(gan.device)
    x = edits.x.clone()
    x[image, level] = _edit_in_w(gan, part, target, score, fed, wanted, tolerance, n_steps).cpu()
    return Edits.scored(x, inversion.own.label, target, score)


def _edit_in_w(
    gan: ConditionalModel,
    inversion: Inversion,
    target: FrozenClassifier,
    score: Score,
    fed: Tensor,
    asked: Tensor,
    tolerance: float,
    n_steps: int,
) -> Tensor:
    """From the score fed on by Adam in W+; each image stops where it reaches its score, or else at its nearest.

    Args:
        inversion: of M images.
        fed, asked: float32 [M].

    Returns:
        uint8 [M, C, H, W].
    """
    own, generator = inversion.own, generator_of(gan)
    w = w_of(gan, inversion, rescored(gan, own, fed))
    step = torch.zeros_like(w, requires_grad=True)
    optimizer = Adam([step], lr=RATE)
    nearest, least = to_uint8(inversion.x), torch.full_like(asked, torch.inf)
    for _ in track(range(n_steps), "edits in W+"):
        made = generator.synthesise(w + step, inversion.latent.noise)
        x = rounded(inversion.x + made - inversion.reconstruction)
        miss = score(target(x), own.label) - asked
        is_nearer = (miss.detach().abs() < least) & (least > tolerance)
        nearest = torch.where(is_nearer[:, None, None, None], to_uint8(x.detach()), nearest)
        least = torch.where(is_nearer, miss.detach().abs(), least)
        if (least <= tolerance).all():
            break
        change = (x - inversion.x).square().mean(dim=(1, 2, 3))
        (step.grad,) = torch.autograd.grad((miss.square() + CHANGE_WEIGHT * change).sum(), step)
        optimizer.step()
    return nearest
