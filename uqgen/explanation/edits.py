"""Images edited to other scores, whichever method edited them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8, unit_range
from uqgen.scores import Score


@dataclass(frozen=True)
class Edits:
    """N images, each edited to S scores; on the CPU.

    Attributes:
        x: uint8 [N, S, C, H, W].
        score_out: float32 [N, S], the scores that the target gives, or from a judge.
        predicted: int64 [N, S], its most probable class.
    """

    x: Tensor
    score_out: Tensor
    predicted: Tensor

    @classmethod
    def scored(cls, x: Tensor, label: Tensor, classifier: FrozenClassifier, score: Score) -> "Edits":
        """Has images scored.

        Args:
            x: uint8 [N, S, C, H, W].
            label: int64 [N], their classes.
            classifier: the target, or a judge.
            score: fitted to it.
        """
        x, shape = x.cpu(), x.shape[:2]
        logits = classifier.predict(x.flatten(0, 1))
        achieved = score(logits, label.cpu().repeat_interleave(shape[1]))
        return cls(x, achieved.view(shape), predictive_logits(logits).argmax(dim=1).view(shape))


def smallest_change(change: Tensor, miss: Tensor, tolerance: float) -> Tensor:
    """The candidate with the smallest change of those that reach the score, or else the one that misses it least.

    Args:
        change: float [..., P], how much each of P candidates differs from the image given.
        miss: float [..., P], how far its score is from the one requested.
        tolerance: by which a score may be missed.

    Returns:
        int64 [...].
    """
    beyond_all = change.amax() + 1
    return torch.where(miss <= tolerance, change, beyond_all + miss).argmin(dim=-1)


def rounded(x: Tensor) -> Tensor:
    """The 256 levels of a picture, which classifiers are shown; gradients pass as if nothing was rounded or clipped.

    Args:
        x: float32 [N, C, H, W].
    """
    return x + (unit_range(to_uint8(x)) - x).detach()


def distance(x: Tensor, given: Tensor) -> Tensor:
    """Euclidean distance of pixels in [0, 1].

    Args:
        x: uint8 [..., C, H, W].
        given: the same, or what broadcasts with it.
    """
    return (x.float() - given.float()).div(255).square().sum(dim=(-3, -2, -1)).sqrt()
