"""What the data allow: how many real training images there are of each class and score."""

from dataclasses import dataclass

import numpy as np

from uqgen.conditioning.condition import Condition

N_BINS = 10


@dataclass(frozen=True)
class Support:
    """Real training images by class and score.

    Attributes:
        edges: of the bins of scores, N_BINS + 1 of them, increasing.
        counts: for each class, the number of its images in each bin.
    """

    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


def support(real: Condition, n_classes: int, bounds: tuple[float, float], n_bins: int = N_BINS) -> Support:
    """Counts images in equal bins.

    Args:
        real: class and score of every training image.
        n_classes: number of classes.
        bounds: the lowest and the highest score requested; images beyond are not counted.
        n_bins: number of bins.
    """
    edges = np.linspace(*bounds, n_bins + 1)
    label, score = real.label.cpu().numpy(), real.score.cpu().numpy()
    counts, _, _ = np.histogram2d(label, score, bins=(np.arange(n_classes + 1) - 0.5, edges))
    return Support(tuple(edges.tolist()), tuple(tuple(row) for row in counts.astype(int).tolist()))
