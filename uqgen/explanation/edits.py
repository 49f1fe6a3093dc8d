"""Images edited to other scores, whichever method edited them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
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


def stacked(ways: Sequence[Edits]) -> Edits:
    """Edits of one image in W ways, those of a way in a row."""
    parts = zip(*((each.x, each.score_out, each.predicted) for each in ways), strict=True)
    return Edits(*(torch.cat(part) for part in parts))


def smallest(ways: Sequence[Edits], given: Tensor, requested: Tensor, tolerance: float) -> Edits:
    """Of each image and score the edit with the smallest change, of the ways that reach the score.

    Args:
        ways: edits of the same images to the same scores.
        given: uint8 [N, C, H, W].
        requested: float32 [S].
        tolerance: by which a score may be missed.
    """
    change = torch.stack([distance(each.x, given[:, None]) for each in ways], dim=-1)
    miss = torch.stack([(each.score_out - requested).abs() for each in ways], dim=-1)
    chosen = smallest_change(change, miss, tolerance)
    row, column = (torch.arange(size) for size in chosen.shape)
    parts = zip(*((each.x, each.score_out, each.predicted) for each in ways), strict=True)
    return Edits(*(torch.stack(part)[chosen, row[:, None], column] for part in parts))


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


def distance(x: Tensor, given: Tensor) -> Tensor:
    """Euclidean distance of pixels in [0, 1].

    Args:
        x: uint8 [..., C, H, W].
        given: the same, or what broadcasts with it.
    """
    return (x.float() - given.float()).div(255).square().sum(dim=(-3, -2, -1)).sqrt()
