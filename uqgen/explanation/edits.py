"""Images edited to other scores, whichever method edited them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from rich.progress import track
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.scores import Score

FAR = 3  # times the smallest change that reaches the score: up to there an edit that holds comes first


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
    def cat(cls, parts: "Sequence[Edits]") -> "Edits":
        """Edits of the images of all parts to the same scores."""
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in cls.__annotations__))

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


def smallest(
    ways: Sequence[Edits],
    given: Tensor,
    requested: Tensor,
    tolerance: float,
    held: Sequence[Tensor],
    n: int = 1,
) -> tuple[Edits, Tensor]:
    """Of each image and score the edits with the smallest change that reach the score, or else the nearest to it.

    Of those that reach it, an edit whose score holds while it is moved comes before one whose score does not, unless
    it changes more than `FAR` times as much as the smallest. An image that has the score comes first as it is.

    Args:
        ways: W edits of the same N images to the same S scores.
        given: uint8 [N, C, H, W].
        requested: float32 [S].
        tolerance: by which a score may be missed.
        held: of each way whether the scores of its edits hold while they are moved, bool [N, S].
        n: edits of each score, at most W.

    Returns:
        Edits of N images to n S scores, score by score, and int64 [N, n S], which way made each.
    """
    change = torch.stack([pixel_distance(each.x, given[:, None]) for each in ways], dim=-1)
    miss = torch.stack([(each.score_out - requested).abs() for each in ways], dim=-1)
    least = change.masked_fill(miss > tolerance, torch.inf).amin(dim=-1, keepdim=True)
    preferred = torch.stack([*held], dim=-1) & (change <= FAR * least) | (change == 0)
    way = by_change(change, miss, tolerance, preferred)[..., :n].flatten(1)
    image, level = torch.arange(len(way))[:, None], torch.arange(len(requested)).repeat_interleave(n)
    parts = zip(*((each.x, each.score_out, each.predicted) for each in ways), strict=True)
    return Edits(*(torch.stack(part)[way, image, level] for part in parts)), way


def scores_of(x: Tensor, label: Tensor, classifiers: Sequence[FrozenClassifier], score: Score) -> Tensor:
    """What several classifiers say of edits: the mean of their scores, float32 [N, S].

    Args:
        x: uint8 [N, S, C, H, W].
        label: int64 [N], their classes.
        classifiers: one or more.
        score: fitted to the target.
    """
    return torch.stack([Edits.scored(x, label, each, score).score_out for each in classifiers]).mean(dim=0)


def edited_each(edit: Callable[[Tensor, Tensor], Tensor], n: int, requested: Tensor, at_once: int, what: str) -> Tensor:
    """Edits each of n images to each of S scores, some of these pairs at a time.

    Args:
        edit: of images at the positions int64 [M] to the scores float32 [M]; makes uint8 [M, C, H, W].
        n: number N of images.
        requested: float32 [S], on the device of the images.
        at_once: how many pairs are edited at once.
        what: is done, for the progress bar.

    Returns:
        uint8 [N, S, C, H, W].
    """
    index = torch.arange(n, device=requested.device).repeat_interleave(len(requested))
    chunks = torch.arange(len(index), device=index.device).split(at_once)
    wanted = requested.repeat(n)
    x = torch.cat([edit(index[chunk], wanted[chunk]) for chunk in track(chunks, what)])
    return x.unflatten(0, (n, len(requested)))


def by_change(change: Tensor, miss: Tensor, tolerance: float, preferred: Tensor | None = None) -> Tensor:
    """Order of candidates: those that reach the score, the smallest change first; then the others, nearest to it first.

    Args:
        change: float [..., P], how much each of P candidates differs from the image given.
        miss: float [..., P], how far its score is from the one requested.
        tolerance: by which a score may be missed.
        preferred: bool [..., P], those that come first among the ones that reach it; None for all.

    Returns:
        int64 [..., P], positions; of equals the first comes first.
    """
    order = change.double()  # in single precision a large change would hide how far a score is
    if preferred is not None:
        order = torch.where(preferred, order, order.amax() + 1 + order)
    order = torch.where(miss <= tolerance, order, order.amax() + 1 + miss.double())
    return order.argsort(dim=-1, stable=True)


def pixel_distance(x: Tensor, given: Tensor) -> Tensor:
    """Euclidean distance of pixels in [0, 1].

    Args:
        x: uint8 [..., C, H, W].
        given: the same, or what broadcasts with it.
    """
    return (x.float() - given).div_(255).square_().sum(dim=(-3, -2, -1)).sqrt()  # in place: edits can be many
