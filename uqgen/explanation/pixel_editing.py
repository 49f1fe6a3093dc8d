"""A baseline of editing: the pixels follow the target's gradient, as adversarial examples do.

Goodfellow et al. (2015), "Explaining and harnessing adversarial examples", with the Euclidean norm, many steps, and a
score to reach instead of a class.
"""

import torch
from torch import Tensor

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import as_pictures, to_uint8
from uqgen.explanation.edits import Edits, edited_each
from uqgen.scores import Score

STEP = 0.25  # Euclidean length of a step at first, pixels being in [-1, 1]
SOFTEST = 4.0  # the most by which the highest logit exceeds the others while the gradient is taken


def edit_pixels(
    x: Tensor, label: Tensor, target: FrozenClassifier, score: Score, requested: Tensor, tolerance: float, n_steps: int
) -> Edits:
    """Edits images by steps along the normalised gradient of the score, halved each time the score requested is passed.

    Each image stops where it reaches its score; where it never does, it is left where it was nearest.

    Args:
        x: float32 [N, C, H, W] in [-1, 1], on the target's device.
        label: int64 [N], their classes.
        target: the classifier.
        score: fitted to it.
        requested: float32 [S].
        tolerance: by which a score may be missed.
        n_steps: steps, at most.
    """
    found = edited_each(
        lambda index, wanted: _edited(x[index], label[index], target, score, wanted, tolerance, n_steps),
        len(x),
        requested.to(x.device),
        target.at_once(x),
        "edits of pixels",
    )
    return Edits.scored(found, label, target, score)


def _edited(
    moved: Tensor, label: Tensor, target: FrozenClassifier, score: Score, wanted: Tensor, tolerance: float, n_steps: int
) -> Tensor:
    """Images uint8 [M, C, H, W] on the CPU, whose scores come as near to float32 [M] as they did."""
    length, before = torch.full_like(wanted, STEP), torch.zeros_like(wanted)
    nearest, least = to_uint8(moved), torch.full_like(wanted, torch.inf)
    for _ in range(n_steps + 1):  # what the last step makes is scored, too
        moved.requires_grad_()
        logits = target(as_pictures(moved))
        seen = logits if score.adapt else _softened(logits)  # what bears more than probabilities is not to be changed
        (gradient,) = torch.autograd.grad(score(seen, label).sum(), moved)
        moved = moved.detach()
        miss = wanted - score(logits.detach(), label)
        is_nearer = (miss.abs() < least) & (least > tolerance)
        nearest = torch.where(is_nearer[:, None, None, None], to_uint8(moved), nearest)
        least = torch.where(is_nearer, miss.abs(), least)
        if (least <= tolerance).all():
            break
        length = torch.where(miss.sign() * before < 0, length / 2, length)
        before = miss.sign()
        unit = gradient / gradient.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]
        moved = (moved + (length * before)[:, None, None, None] * unit).clamp(-1, 1)
    return nearest.cpu()


def _softened(logits: Tensor) -> Tensor:
    """Logits divided until the highest is at most `SOFTEST` above the rest: a sure classifier has a gradient, too."""
    first, second = logits.detach().topk(2, dim=-1).values.unbind(dim=-1)
    return logits / ((first - second) / SOFTEST).clamp_min(1)[..., None]
