"""Whether a small network learns to tell generated from real images: the classifier two-sample test.

Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests". The network sees the pixels and finds whatever
shows an image to be generated, also what no other measure looks at. Where both sides have one distribution, no network
does better than chance on images that it has not learnt from.

A person tells a generated image by a flaw and takes an image without one for real. So beside the whole area under the
ROC curve stands its left end: the share of generated images that the network is sure of. What makes it sure need not
be what an eye sees.
"""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from uqgen import seeding
from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.one_cycle import train_one_cycle
from uqgen.data.labelled import LabelledData
from uqgen.metrics.bootstrap import NORMAL_95, TAILS, Estimate, Floats
from uqgen.metrics.metric import Evaluated, Metric, Row, control, register
from uqgen.metrics.share_ratio import ShareRatio

N_MOST = 4_000  # images of either side
FEWEST = 100  # the same; of fewer next to nothing is learnt
LEARNT = 2 / 3  # of the images; the others are told
EPOCHS = 4
FALSE_POSITIVES = 0.01  # share of real images that it takes for generated where it is sure
CHANNELS, HIDDEN = (8, 16, 32), 32
N_RESAMPLES = 1_000  # of the bootstrap
DRAWING = 3  # a stream of random numbers


@dataclass(frozen=True)
class TwoSample:
    """What networks say of images that they have not learnt from.

    Attributes:
        auroc: probability that the network finds the generated one of a generated and a real image; 0.5 is chance.
        floor: the same of a network that learnt to tell training images from these real ones.
        sure: share of generated images of which the network is surer that they are generated than of 99 in 100 real
            ones, its true positive rate at a false positive rate of 0.01; as real stands the same of training images.
            The interval is that of `ratio_interval`.
    """

    auroc: Estimate
    floor: Estimate
    sure: ShareRatio


class Told(NamedTuple):
    """What one network says of images that it has not learnt from, as logits: high where it takes one for generated.

    Attributes:
        auroc: see `TwoSample`, with the 95 % interval of Hanley and McNeil (1982).
        generated: float64 [N], of generated images.
        real: float64 [M], of real images.
    """

    auroc: Estimate
    generated: Floats
    real: Floats

    @property
    def n_sure(self) -> int:
        """Number of generated images above the threshold that at most 1 in 100 real ones are above."""
        return int(_n_sure(self.generated, _threshold(self.real)))


@control("two_sample")
def of_evaluation(found: Evaluated) -> TwoSample | None:
    """Of images requested as in the data, beside real ones drawn at random.

    None of points, of few images, and of those that are too small for the network.
    """
    n = min(len(found.as_data.x), len(found.real.x), len(found.train.x), N_MOST)
    if not found.is_image or n < FEWEST or min(found.real.x.shape[-2:]) < 2 ** len(CHANNELS):
        return None
    rng = seeding.generator(found.seed, DRAWING)
    real, train = (side.x[torch.randperm(len(side.x), generator=rng)[:n]] for side in (found.real, found.train))
    ours, floor = (tell_apart(x, real, found.seed) for x in (found.as_data.x[:n], train))
    # Both sides have n images, so the order is the same, and both networks tell the same real images.
    counts = ShareRatio.of(floor.n_sure, ours.n_sure, len(floor.generated), len(ours.generated))
    low, high = ratio_interval(ours, floor, found.seed)
    return TwoSample(ours.auroc, floor.auroc, replace(counts, ratio=Estimate(counts.ratio.value, low, high)))


def ratio_interval(ours: Told, floor: Told, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the share of generated images surely told over that of training images.

    A threshold is an estimate, too: about one real image in 100 decides where it lies. So each resample draws the real
    images again and has thresholds of its own. Both networks told the same real images, which are drawn together.

    Where a resample counts no image on a side, the far end of the interval is that of one image there, and the near one
    has no limit: 0, or infinity.

    Args:
        ours: of generated images; M real ones.
        floor: of training images, with the same M real images in the same order.
        seed: draws the resamples.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(ours.real), size=(N_RESAMPLES, len(ours.real)))
    shares = []
    for told in (ours, floor):
        n = len(told.generated)
        # Of n images drawn with replacement, as many are above a threshold as a binomial number says.
        n_sure = rng.binomial(n, _n_sure(told.generated, _threshold(told.real[drawn])) / n)
        shares.append((n_sure / n, np.maximum(n_sure, 1) / n))
    (generated, some_generated), (real, some_real) = shares
    with np.errstate(divide="ignore"):
        ratios = generated / some_real, some_generated / real
    low, high = (np.quantile(*both, method="inverted_cdf") for both in zip(ratios, TAILS, strict=True))
    return float(low), float(high)


def _threshold(real: Floats) -> Floats:
    """Logit that at most 1 in 100 real images are above; logits float64 [..., M], thresholds [...]."""
    place = math.ceil((1 - FALSE_POSITIVES) * (real.shape[-1] - 1))
    return np.partition(real, place, axis=-1)[..., place]


def _n_sure(generated: Floats, threshold: Floats) -> NDArray[np.int64]:
    """How many of the logits [N] are above each threshold."""
    return len(generated) - np.searchsorted(np.sort(generated), threshold, side="right")


def tell_apart(generated: Tensor, real: Tensor, seed: int = 0) -> Told:
    """Trains the network on two thirds of the images, and has it tell the others.

    Args:
        generated, real: uint8 [N, C, H, W], N at least 3 on either side, H and W at least 8.
        seed: draws the images that it learns from, their order and its first weights.
    """
    x, n = torch.cat([generated, real]), len(generated) + len(real)
    none, is_generated = torch.zeros(2, n, dtype=torch.int64)
    is_generated[: len(generated)] = 1
    order = torch.randperm(n, generator=seeding.generator(seed, DRAWING))
    data, n_learnt = LabelledData(x, is_generated, none, none).subset(order), round(LEARNT * n)
    make = partial(CNN, (x.shape[1], x.shape[2], x.shape[3]), 2, CHANNELS, HIDDEN)
    network = train_one_cycle(make, data.subset(slice(n_learnt)), EPOCHS, seed)
    told = data.subset(slice(n_learnt, None))
    found = network.predict(told.x).diff(dim=1).squeeze(1)
    auroc, is_generated = float(binary_auroc(found.sigmoid(), told.label)), told.label == 1
    ours, theirs = (found[which].double().numpy() for which in (is_generated, ~is_generated))
    half = NORMAL_95 * hanley_mcneil(auroc, len(ours), len(theirs))
    return Told(Estimate(auroc, max(auroc - half, 0.0), min(auroc + half, 1.0)), ours, theirs)


def hanley_mcneil(auroc: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an area under the ROC curve: Hanley and McNeil (1982), equation 1.

    Examples:
        >>> round(hanley_mcneil(0.5, 100, 100), 3)
        0.041
    """
    one, two = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    of_pairs = (n_positive - 1) * (one - auroc**2) + (n_negative - 1) * (two - auroc**2)
    return math.sqrt((auroc * (1 - auroc) + of_pairs) / (n_positive * n_negative))


_PATH = "controls/two_sample"
for _path, _floor, _title, _name in (
    ("auroc", "floor", "AUROC of telling generated from real", "two_sample_auroc"),
    ("sure/generated", "sure/real", "TPR at 1 % FPR of telling generated from real", "surely_told"),
):
    _found, _chance = f"{_PATH}/{_path}", f"{_PATH}/{_floor}"
    register(
        Metric(
            _found,
            _title,
            "lower",
            name=_name,
            theme="realism",
            floor=_chance,
            data="images",
            rows=[Row("controls", _title, {"generated": _found, "real": _chance}, "{:.3f}")],
        )
    )
