"""The classifier's whole softmax vector: the future work of Le Coz et al. (2023), section 5."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.fourier import fourier_features
from uqgen.conditioning.log_odds import LogOdds

N_NEAREST = 16  # vectors of the class, with the nearest scores, of which one is drawn
N_HALVINGS = 30  # of the interval of exponents in which the right one lies
LOWEST_LOG_POWER = -8.0  # of that interval; its other end is as far above 0
SMALLEST = 1e-4  # probability that its logarithm tells from 0
N_FREQUENCIES = 4  # of the score's features


class SoftmaxEncoding(Encoding):
    """Three parts: one-hot class, the K probabilities and their logarithms, and features of the score.

    Logarithms tell small probabilities apart, the probabilities themselves large ones. Likewise the score's log-odds
    tell scores apart near the ends of their range, and Fourier features of its place in the range those between.

    A score alone leaves open which classes the classifier hesitates between; the vector says it. Who asks for a class
    and a score gets a vector that fits: one of a real image of that class and about that score, and where the score is
    the vector's maximum (MSP), sharpened or flattened until it is exactly the score asked.

    Args:
        n_classes: number of classes K.
        real: class, score and probabilities of every training image.
    """

    uses_probabilities = True

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.part_dims = (n_classes, 2 * n_classes, 2 + 2 * N_FREQUENCIES)
        self.log_odds = LogOdds(real.score)
        assert real.probabilities is not None
        by_score = real.score.argsort()
        order = by_score[real.label[by_score].argsort(stable=True)]
        starts = F.pad(real.label.bincount(minlength=n_classes).cumsum(0), (1, 0))
        follows_from_data = {"score": real.score[order], "probabilities": real.probabilities[order], "starts": starts}
        for name, value in follows_from_data.items():
            self.register_buffer(name, value, persistent=False)
        self.score: Tensor
        self.probabilities: Tensor
        self.starts: Tensor
        self.is_maximum = torch.allclose(real.score, real.probabilities.amax(dim=1), atol=1e-5)

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """Draws a vector for each class and score, unless there are vectors already.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): which of the nearest vectors is taken.
        """
        if condition.probabilities is not None:
            return condition
        position = torch.zeros_like(condition.label)
        for label in range(self.n_classes):
            mine = (condition.label == label).nonzero().squeeze(1)
            position[mine] = self._near(label, condition.score[mine], chance[mine])
        probabilities = self.probabilities[position]
        if self.is_maximum:
            probabilities = temper(probabilities, condition.score)
        return condition._replace(probabilities=probabilities)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A complete condition of N images to float32 [N, K], [N, 2 K] in [0, 1] and [N, 10] in [-1, 1]."""
        assert condition.probabilities is not None
        logs = 1 - condition.probabilities.clamp_min(SMALLEST).log() / math.log(SMALLEST)
        vector = torch.cat([logs, condition.probabilities], dim=1)
        return F.one_hot(condition.label, self.n_classes).float(), vector, self._score_features(condition.score)

    def _score_features(self, score: Tensor) -> Tensor:
        waves = fourier_features(2 * self.log_odds.place(score) - 1, N_FREQUENCIES)
        return torch.cat([self.log_odds.pair(score), waves], dim=1)

    def _near(self, label: int, score: Tensor, chance: Tensor) -> Tensor:
        """Positions, int64 [N], of vectors of one class (of any, if no image has it) whose scores are near."""
        start, end = int(self.starts[label]), int(self.starts[label + 1])
        if start == end:
            start, end = 0, len(self.score)
        n_near = min(N_NEAREST, end - start)
        first = torch.searchsorted(self.score[start:end].contiguous(), score.contiguous()) - n_near // 2
        return start + first.clamp(0, end - start - n_near) + (chance * n_near).long()


def temper(probabilities: Tensor, maximum: Tensor) -> Tensor:
    """Raises vectors to a power, and normalises them, so that their highest probability is the one asked.

    The highest probability grows with the power, so halving an interval of powers finds it; a vector whose highest
    probability two classes share goes as far as it can.

    Args:
        probabilities: float [N, K], at least 0, of sum 1.
        maximum: float [N] in [1 / K, 1].
    """
    logs = probabilities.clamp_min(torch.finfo(probabilities.dtype).tiny).log()
    low, high = (torch.full_like(maximum, bound) for bound in (LOWEST_LOG_POWER, -LOWEST_LOG_POWER))
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        too_low = (middle.exp()[:, None] * logs).softmax(dim=1).amax(dim=1) < maximum
        low, high = torch.where(too_low, middle, low), torch.where(too_low, high, middle)
    return (((low + high) / 2).exp()[:, None] * logs).softmax(dim=1)
