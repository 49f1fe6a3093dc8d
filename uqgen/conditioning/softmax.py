"""The classifier's whole softmax vector: the future work of Le Coz et al. (2023), section 5."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.fourier import fourier_features
from uqgen.conditioning.log_odds import LogOdds
from uqgen.conditioning.neighbours import Neighbours

N_NEAREST = 16  # vectors of the class, with the nearest scores, of which one is drawn
N_HALVINGS = 30  # of the interval of exponents in which the right one lies
LOWEST_LOG_POWER = -8.0  # of that interval; its other end is as far above 0
SMALLEST = 1e-4  # probability that its logarithm tells from 0
N_FREQUENCIES = 4  # of the score's features


class SoftmaxEncoding(Encoding):
    """Three parts: one-hot class, the K probabilities and their logarithms, and features of the score.

    Logarithms distinguish small probabilities, the probabilities themselves large ones. Likewise the score's log-odds
    tell scores apart near the ends of their range, and Fourier features of its place in the range those between.

    A score alone leaves open which classes the classifier hesitates between; the vector says it. A request of a class
    and a score gets a vector that fits: one of a real image of that class and about that score, and where the score is
    the vector's maximum (MSP), sharpened or flattened until it is exactly the score requested. With a second score
    there is a fourth part, the same features of it.

    Args:
        n_classes: number of classes K.
        real: class, score and probabilities of every training image.

    Examples:
        >>> p = torch.tensor([[0.8, 0.2], [0.1, 0.9]])
        >>> encoding = SoftmaxEncoding(2, Condition(p.argmax(dim=1), p.amax(dim=1), p))
        >>> requested = Condition(torch.tensor([0]), torch.tensor([0.6]))
        >>> encoding.complete(requested, chance=torch.tensor([0.0])).probabilities
        tensor([[0.6000, 0.4000]])
    """

    uses_probabilities = True

    def __init__(self, n_classes: int, real: Condition) -> None:
        super().__init__(n_classes, real)
        self.part_dims = (n_classes, 2 * n_classes, *[2 + 2 * N_FREQUENCIES] * real.scores.shape[1])
        self.log_odds = LogOdds(real.scores)
        assert real.probabilities is not None
        self.neighbours = Neighbours(n_classes, real, N_NEAREST)
        self.register_buffer("probabilities", real.probabilities, persistent=False)  # follows from the data
        self.probabilities: Tensor
        self.is_maximum = torch.allclose(real.score, real.probabilities.amax(dim=1), atol=1e-5)

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """Draws a vector for each class and score, unless there are vectors already.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): which of the nearest vectors is taken; also the second score's quantile.
        """
        condition = super().complete(condition, chance)
        if condition.probabilities is not None:
            return condition
        return condition._replace(probabilities=self._drawn(condition, chance))

    def rescored(self, condition: Condition, score: Tensor) -> Condition:
        """See `Encoding`; the vector is flattened or sharpened where the score is its maximum."""
        vector = condition.probabilities
        if vector is not None:
            vector = temper(vector, score) if self.is_maximum else None
        return condition._replace(score=score, probabilities=vector)

    def along_scores(self, label: Tensor, scores: Tensor, chance: Tensor) -> Condition:
        """See `Encoding`; vectors lie between one that goes with the first score and one that goes with the last.

        The vector of a certain image says little about which other classes are likely: flattened, its smallest
        probabilities make one that no real image has.
        """
        swept = super().along_scores(label, scores, chance)
        if not self.is_maximum:
            return swept
        ends = (self._drawn(Condition(label, score), chance) for score in (scores[:, 0], scores[:, -1]))
        first, last = (vectors.repeat_interleave(scores.shape[1], dim=0) for vectors in ends)
        vectors = temper(between(first, last, swept.score), swept.score)
        return swept._replace(probabilities=vectors)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A complete condition of N images to its parts.

        Returns:
            float32 [N, K], float32 [N, 2 K] in [0, 1], and for each score float32 [N, 10] in [-1, 1].
        """
        assert condition.probabilities is not None
        logs = 1 - condition.probabilities.clamp_min(SMALLEST).log() / math.log(SMALLEST)
        one_hot = F.one_hot(condition.label, self.n_classes).float()
        vector = torch.cat([logs, condition.probabilities], dim=1)
        return one_hot, vector, *self._score_features(condition.scores).unbind(dim=1)

    def _drawn(self, condition: Condition, chance: Tensor) -> Tensor:
        """Vectors of near real images, float32 [N, K], with the score for their maximum where it is one."""
        vectors = self.probabilities[self.neighbours(condition, chance)]
        return temper(vectors, condition.score) if self.is_maximum else vectors

    def _score_features(self, scores: Tensor) -> Tensor:
        waves = fourier_features(2 * self.log_odds.place(scores) - 1, N_FREQUENCIES)
        return torch.cat([self.log_odds.pair(scores), waves], dim=-1)


def between(first: Tensor, last: Tensor, maximum: Tensor) -> Tensor:
    """Vectors on the straight way from one to another, where the most probable class of the first has the maximum.

    Where another class overtakes it before, or the other vector comes before, they lie there.

    Args:
        first, last: float [N, K], at least 0, of sum 1.
        maximum: float [N].
    """
    top = first.argmax(dim=1, keepdim=True)
    before, behind = (vector.gather(1, top) - vector for vector in (first, last))  # the lead over each class
    overtaken = torch.where(behind < 0, before / (before - behind), 1.0).amin(dim=1)
    highest, lowest = (vector.gather(1, top).squeeze(1) for vector in (first, last))
    way = ((highest - maximum) / (highest - lowest).clamp_min(1e-6)).clamp_min(0).minimum(overtaken)
    return first.lerp(last, way[:, None])


def temper(probabilities: Tensor, maximum: Tensor) -> Tensor:
    """Raises vectors to a power, and normalises them, so that their highest probability is the one requested.

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
