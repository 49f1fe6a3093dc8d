"""The parts of the range of scores in which pictures are looked at: the certain end, and bins below it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from uqgen.scores import Score

MSP_EDGES = (0.5, 0.7, 0.9, 0.99)  # most real images are above the last, few below the first
CERTAIN_WIDTH, CERTAIN_SHARE = 0.01, 0.1  # of the range of another score, and of the real images, that are certain
N_BINS = 4  # equal ones below the certain end of another score


@dataclass(frozen=True)
class ScoreBins:
    """Bins of scores.

    Attributes:
        edges: increasing, B + 1 of them. A bin holds low <= score < high, the last one also score = high.
        certain_is_last: whether the last bin is the certain end; else the first one is.
    """

    edges: tuple[float, ...]
    certain_is_last: bool

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def certain(self) -> int:
        """Position of the certain end."""
        return len(self) - 1 if self.certain_is_last else 0

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """The edges of each bin."""
        return tuple(pairwise(self.edges))

    def of(self, score: Tensor) -> Tensor:
        """The bin of each score: int64 [N] in 0 .. B - 1, -1 where it lies in none.

        Args:
            score: float32 [N].
        """
        edges = torch.tensor(self.edges, dtype=score.dtype)
        found = torch.bucketize(score, edges, right=True) - 1
        found[score == edges[-1]] = len(self) - 1
        return torch.where(score > edges[-1], -1, found)


def score_bins(score: Score, requested_range: tuple[float, float], real: Tensor) -> ScoreBins:
    """The bins of one experiment.

    Of MSP: 0.99 to 1 is the certain end, and the bins below end at 0.5, 0.7, 0.9 and 0.99. Of any other score, the
    certain end is the most confident hundredth of the range requested, or what the most confident tenth of the real
    images have where that reaches further and there are any; below it are four equal bins.

    Args:
        score: the score.
        requested_range: the lowest and the highest score requested.
        real: float32 [N], scores of real training images.
    """
    low, high = requested_range
    is_confident = score.high_means == "confident"
    if score.name == "msp" and high > MSP_EDGES[-1]:
        edges = (low, *(edge for edge in MSP_EDGES if edge > low), high)
        return ScoreBins(edges, certain_is_last=True)
    inside = real[(real >= low) & (real <= high)].numpy()
    width = CERTAIN_WIDTH * (high - low)
    if len(inside) > 0:
        share = 1 - CERTAIN_SHARE if is_confident else CERTAIN_SHARE
        width = max(width, abs(float(np.quantile(inside, share)) - (high if is_confident else low)))
    width = min(width, (high - low) / 2)
    if is_confident:
        return ScoreBins((*np.linspace(low, high - width, N_BINS + 1).tolist(), high), certain_is_last=True)
    return ScoreBins((low, *np.linspace(low + width, high, N_BINS + 1).tolist()), certain_is_last=False)
