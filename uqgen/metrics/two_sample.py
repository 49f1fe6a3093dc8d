"""Whether a small network learns to tell generated from real images: the classifier two-sample test.

Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests". The network sees the pixels and finds whatever
shows an image to be generated, also what no other measure looks at. Where both sides have one distribution, no network
does better than chance on images that it has not learnt from.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from uqgen import seeding
from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.one_cycle import train_one_cycle
from uqgen.data.labelled import LabelledData
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.metric import Evaluated, Metric, Row, control, register

N_MOST = 4_000  # images of either side
FEWEST = 100  # the same; of fewer next to nothing is learnt
LEARNT = 2 / 3  # of the images; the others are told
EPOCHS = 4
NORMAL_95 = 1.96  # standard errors to either side
CHANNELS, HIDDEN = (8, 16, 32), 32
DRAWING = 3  # a stream of random numbers


@dataclass(frozen=True)
class TwoSample:
    """What networks say of images that they have not learnt from.

    Attributes:
        auroc: probability that the network finds the generated one of a generated and a real image; 0.5 is chance.
        floor: the same of a network that learnt to tell training images from these real ones.
    """

    auroc: Estimate
    floor: Estimate


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
    return TwoSample(*(tell_apart(x, real, found.seed) for x in (found.as_data.x[:n], train)))


def tell_apart(generated: Tensor, real: Tensor, seed: int = 0) -> Estimate:
    """Trains the network on two thirds of the images, and has it tell the others.

    Args:
        generated, real: uint8 [N, C, H, W], N at least 3 on either side, H and W at least 8.
        seed: draws the images that it learns from, their order and its first weights.

    Returns:
        The area under the ROC curve, with the 95 % interval of Hanley and McNeil (1982).
    """
    x, n = torch.cat([generated, real]), len(generated) + len(real)
    none, is_generated = torch.zeros(2, n, dtype=torch.int64)
    is_generated[: len(generated)] = 1
    order = torch.randperm(n, generator=seeding.generator(seed, DRAWING))
    data, n_learnt = LabelledData(x, is_generated, none, none).subset(order), round(LEARNT * n)
    make = partial(CNN, (x.shape[1], x.shape[2], x.shape[3]), 2, CHANNELS, HIDDEN)
    network = train_one_cycle(make, data.subset(slice(n_learnt)), EPOCHS, seed)
    told = data.subset(slice(n_learnt, None))
    auroc = float(binary_auroc(network.predict(told.x).softmax(dim=1)[:, 1], told.label))
    n_generated = int(told.label.sum())
    half = NORMAL_95 * hanley_mcneil(auroc, n_generated, len(told) - n_generated)
    return Estimate(auroc, max(auroc - half, 0.0), min(auroc + half, 1.0))


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
_TITLE = "AUROC of telling generated from real"
register(
    Metric(
        f"{_PATH}/auroc",
        _TITLE,
        "lower",
        name="two_sample_auroc",
        theme="realism",
        floor=f"{_PATH}/floor",
        data="images",
        rows=[Row("controls", _TITLE, {"generated": f"{_PATH}/auroc", "real": f"{_PATH}/floor"})],
    )
)
