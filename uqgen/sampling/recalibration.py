"""Recalibration: which score to feed the generator so that, on average, the score requested comes out.

Isotonic regression: Barlow et al. (1972), "Statistical inference under order restrictions"; made strictly increasing as
by Oron and Flournoy (2017), "Centered isotonic regression".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.generators.model import ConditionalModel
from uqgen.sampling.best_of import best_of
from uqgen.scores import Score
from uqgen.settings import require_integer

N_GRID = 20  # scores fed for the fit
HELD_OUT = 1_000  # stream of the latents of the fit, apart from those of the evaluation, which count from 0


@dataclass(frozen=True)
class Recalibration:
    """For each class a non-decreasing map from the score requested to the score fed.

    Attributes:
        fed: float64 [G], increasing, the grid of scores that were fed.
        achieved: float64 [K, G], for each class the mean score achieved by the score fed, non-decreasing along G.
    """

    fed: Tensor
    achieved: Tensor

    def __call__(self, requested: Condition) -> Condition:
        """What to feed for what is requested.

        Args:
            requested: N classes and scores.

        Returns:
            The same classes (and second scores), and the scores to feed, within the grid; a score that no score fed
            achieves gets the nearest end of the grid.
        """
        label, score = requested.label.cpu().numpy(), requested.score.double().cpu().numpy()
        fed = np.empty(len(score))
        for number, curve in enumerate(self.achieved.numpy()):
            fed[label == number] = _invert(self.fed.numpy(), curve, score[label == number])
        return requested._replace(score=torch.from_numpy(fed).to(requested.score), probabilities=None)


def fit_recalibration(
    model: ConditionalModel,
    target: FrozenClassifier,
    score: Score,
    n_classes: int,
    low: float,
    high: float,
    n: int,
    seed: int,
) -> Recalibration:
    """Feeds a grid of scores for every class and sees what comes out.

    Args:
        model: the trained model.
        target: the frozen classifier, on the model's device.
        score: the score.
        n_classes: number of classes K.
        low, high: ends of the grid, the lowest and the highest score to feed.
        n: images to draw, equally many for each class and score of the grid: the number is rounded down, but to no
            less than one for each.
        seed: draws the latents, in a stream of their own.

    Raises:
        SettingError: n is below 1.
    """
    require_integer("n_recalibration", n, 1)
    grid = torch.linspace(low, high, N_GRID)
    n_each = max(1, n // (n_classes * N_GRID))
    label = torch.arange(n_classes).repeat_interleave(N_GRID * n_each)
    fed = Condition(label, grid.repeat_interleave(n_each).repeat(n_classes))
    drawn = best_of(model, fed, target, score, 1, seeding.generator(seed, HELD_OUT, device=model.device))
    mean = drawn.score_out.double().view(n_classes, N_GRID, n_each).mean(dim=2)
    curves = np.stack([isotonic_regression(curve) for curve in mean.numpy()])
    return Recalibration(grid.double(), torch.from_numpy(curves))


def _invert(fed: NDArray[Any], achieved: NDArray[Any], requested: NDArray[Any]) -> NDArray[Any]:
    """Scores to feed, [N], for those requested; the curve of achieved by fed, both [G], is non-decreasing.

    Where several scores fed obtain the same, their mean stands for them all, so that the curve increases strictly.
    """
    levels, level = np.unique(achieved, return_inverse=True)
    centre = np.bincount(level, fed) / np.bincount(level)
    return np.interp(requested, levels, centre, left=fed[0], right=fed[-1])
