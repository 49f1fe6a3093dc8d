"""What the target and the judges say of images that are as they are, or have less or more of something."""

from dataclasses import dataclass

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.evaluation.judge import Judge
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.scores import Score

MOVED = 0.1  # share of the range requested, by which a score must change to count as moved


@dataclass(frozen=True)
class Viewers:
    """The target, and who else looks.

    Attributes:
        target: on the model's device.
        score: fitted to it.
        judges: on the same device.
        requested_range: the lowest and the highest score requested.
    """

    target: FrozenClassifier
    score: Score
    judges: dict[str, Judge]
    requested_range: tuple[float, float]

    @property
    def moved_by(self) -> float:
        """The least change of a score that counts."""
        low, high = self.requested_range
        return MOVED * (high - low)

    def uncertainty(self, score: Tensor) -> Tensor:
        """Scores, or changes of them, turned so that high means uncertain."""
        return -self.score.certainty(score)


@dataclass(frozen=True)
class Steps:
    """N images with less of something, as they are, and with more of it; on the CPU.

    Attributes:
        x: uint8 [N, 3, C, H, W].
        score: float32 [N, 3], the target's.
        predicted: int64 [N, 3], its most probable class.
        hesitation: float32 [N, 3], log-odds between the two classes that are its most probable of the image as it is.
        judges: for each judge its scores, float32 [N, 3].
    """

    x: Tensor
    score: Tensor
    predicted: Tensor
    hesitation: Tensor
    judges: dict[str, Tensor]

    @classmethod
    def seen(cls, x: Tensor, label: Tensor, viewers: Viewers) -> "Steps":
        """Has images uint8 [N, 3, C, H, W] of classes int64 [N] scored by all."""
        flat, shape, labels = x.flatten(0, 1), x.shape[:2], label.repeat_interleave(x.shape[1])
        logits = viewers.target.predict(flat)
        plain = predictive_logits(logits).view(*shape, -1)
        first, second = plain[:, 1].topk(2, dim=1).indices.unbind(dim=1)
        row = torch.arange(len(x))
        hesitation = plain[row, :, first] - plain[row, :, second]
        judged = {name: judge.score_of(flat, labels).view(shape) for name, judge in viewers.judges.items()}
        return cls(x, viewers.score(logits, labels).view(shape), plain.argmax(dim=2), hesitation, judged)

    @property
    def change(self) -> Tensor:
        """The target's scores of less and of more, less those of the image as it is; float32 [N, 2]."""
        return self.score[:, [0, 2]] - self.score[:, 1:2]

    def flipped(self) -> "Steps":
        """The same with less and more exchanged."""
        judges = {name: scores.flip(1) for name, scores in self.judges.items()}
        return Steps(self.x.flip(1), self.score.flip(1), self.predicted.flip(1), self.hesitation.flip(1), judges)


def take_steps(subjects: Subjects, change: Tensor, viewers: Viewers) -> Steps:
    """Changes the channels of images both ways, and has them scored.

    Args:
        subjects: N images.
        change: float32 [N, C], what "more" adds and "less" subtracts.
        viewers: the target and the judges.
    """
    x = torch.stack([subjects.changed(-change), subjects.as_is, subjects.changed(change)], dim=1)
    return Steps.seen(x, subjects.label, viewers)
