"""Where a classifier is worse than its judges, and which attributes go with that.

What lowers the score of every classifier is hard for all. A weakness of one classifier shows in how far it is behind
others on the same images (`python -m uqgen.planted` measures that: docs/findings.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import ttest_1samp
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.explanation.shares import Explained, WeightedScores, balanced_weights, explain_variance
from uqgen.guidance.guidance import class_log_odds
from uqgen.metrics.bootstrap import Array, Estimate, Floats, bootstrap_mean

N_BINS = 10  # of differences, which count alike
ALPHA = 0.05  # of all tests together


@dataclass(frozen=True)
class OwnWeakness:
    """Of some real images.

    Attributes:
        lead: probability that the classifier gives the class, less the judges' mean; mean over the images.
        explained: what attributes explain of it.
    """

    lead: Estimate
    explained: Explained


def lead_over_judges(logits: Tensor, of_judges: Sequence[Tensor], label: Tensor) -> Floats:
    """Probability of the class by the classifier, less the mean of the judges'; float64 [N] in [-1, 1].

    Args:
        logits: the classifier's, float32 [N, K] or [N, M, K].
        of_judges: those of one judge at least.
        label: int64 [N].
    """
    mine, *others = (class_log_odds(predictive_logits(each), label).double().sigmoid() for each in (logits, *of_judges))
    return (mine - torch.stack(others).mean(dim=0)).numpy()


def furthest_behind(lead: Floats, label: Tensor) -> int | None:
    """The class with the lowest mean lead, of those in which it is below 0 beyond chance; None where there is none.

    The lowest of many means is below 0 by chance, so the level is corrected for the number of classes (Bonferroni, of
    Student's t).

    Args:
        lead: float64 [N].
        label: int64 [N].
    """
    of_class = {each: lead[(label == each).numpy()] for each in label.unique().tolist()}
    behind = [each for each, values in of_class.items() if is_below_zero(values, len(of_class))]
    return min(behind, key=lambda each: float(of_class[each].mean()), default=None)


def is_below_zero(values: Floats, n_tests: int) -> bool:
    """Whether the mean of values [N] is below 0 beyond chance, as one of so many tests."""
    if values.min() == values.max():  # of which Student's t knows nothing
        return len(values) > 1 and bool(values[0] < 0)
    return bool(ttest_1samp(values, 0, alternative="less").pvalue < ALPHA / n_tests)


def own_weakness(attributes: Mapping[str, Floats], lead: Floats, n_resamples: int, seed: int) -> OwnWeakness:
    """What attributes explain of the lead.

    Args:
        attributes: for each name float64 [N].
        lead: float64 [N], see `lead_over_judges`.
        n_resamples, seed: of the bootstrap over images.
    """
    cluster: Array = np.arange(len(lead))
    sample = WeightedScores(lead, cluster, balanced_weights(lead, -1, 1, N_BINS))
    mean = bootstrap_mean(lead, n_resamples, seed)
    return OwnWeakness(mean, explain_variance(attributes, sample, n_resamples, seed))
