"""Whether generated images are training images over again."""

import math
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.chunks import mapped, rows_at_once
from uqgen.metrics.metric import Evaluated, Metric, Row, control, register

QUANTILE = 0.01  # of real images that are as near to a training image as what counts as a copy
N_MOST = 2_000  # images looked at on either side
CHUNK = 500  # images whose distances are held at once
DRAWING = 2  # a stream of random numbers


@dataclass(frozen=True)
class Memorisation:
    """Distances to the nearest training image.

    Attributes:
        share: of generated images that are nearer than the threshold; of real images it is 0.01.
        threshold: the 1 % quantile of the distances of real images that are not training images, duplicates left out.
        duplicates: share of the real images that differ from a training image by one level in each pixel at
            most, as neighbouring frames of a film do; of points, that are training points.
        median_generated, median_real: of the distances.
        n_generated, n_real: number of images.
    """

    share: float
    threshold: float
    duplicates: float
    median_generated: float
    median_real: float
    n_generated: int
    n_real: int


@control("memorisation")
def of_evaluation(found: Evaluated) -> Memorisation:
    """Of images requested as in the data, beside real ones drawn at random."""
    drawn = torch.randperm(len(found.real.x), generator=seeding.generator(found.seed, DRAWING))[:N_MOST]
    return memorisation(found.as_data.x[:N_MOST], found.real.x[drawn], found.train.x)


def memorisation(generated: Tensor, real: Tensor, train: Tensor) -> Memorisation:
    """Counts generated images that are nearer to a training image than unseen real images nearly ever are.

    Args:
        generated: uint8 [N, C, H, W], or points float32 [N, 2].
        real: real images that are not training images, [M, ...] of the same kind.
        train: training images, [L, ...] of the same kind, L at least 1.
    """
    ours, theirs = (nearest_distance(x, train) for x in (generated, real))
    alike = math.sqrt(train[0].numel()) / 255 if train.dtype == torch.uint8 else 0.0
    others = theirs[theirs > alike]
    threshold = float(others.quantile(QUANTILE)) if len(others) else math.nextafter(alike, math.inf)
    share, duplicates = float((ours < threshold).double().mean()), 1 - len(others) / len(theirs)
    medians = float(ours.quantile(0.5)), float(theirs.quantile(0.5))
    return Memorisation(share, threshold, duplicates, *medians, len(ours), len(theirs))


@torch.inference_mode()
def nearest_distance(x: Tensor, train: Tensor) -> Tensor:
    """Euclidean distance to the nearest training image.

    Args:
        x: uint8 [N, C, H, W], whose pixels count as [0, 1], or points float32 [N, 2].
        train: [L, ...] of the same kind.

    Returns:
        float64 [N], at least 0.
    """
    x = _flat(x)
    # |x - t|^2 = |x|^2 + (|t|^2 - 2 x t), of which the bracket alone depends on t
    brackets = (_least_bracket(x, _flat(part)) for part in train.split(rows_at_once(train)))
    least = reduce(torch.minimum, brackets)
    return (least + x.square().sum(dim=1)).clamp(min=0).sqrt().double()


def _least_bracket(x: Tensor, train: Tensor) -> Tensor:
    squares = train.square().sum(dim=1)
    return mapped(x, lambda part: torch.addmm(squares, part, train.T, alpha=-2).amin(dim=1), CHUNK)


def _flat(x: Tensor) -> Tensor:
    # Points can lie so near to each other that float32 would lose their distance in the subtraction.
    return x.flatten(1).float() / 255 if x.dtype == torch.uint8 else x.flatten(1).double()


_SHARE, _MEDIAN = "controls/memorisation/share", "controls/memorisation/median_"
register(
    Metric(
        _SHARE,
        "memorisation",
        "lower",
        name="memorisation",
        theme="controls",
        rows=[
            Row(
                "controls", "share memorised from the training data", {"generated": _SHARE, "real": QUANTILE}, "{:.3f}"
            ),
            Row(
                "controls",
                "share that repeats a training image",
                {"real": "controls/memorisation/duplicates"},
                "{:.3f}",
            ),
            Row(
                "controls",
                "distance to the nearest in training (median)",
                {"generated": f"{_MEDIAN}generated", "real": f"{_MEDIAN}real"},
                "{:#.3g}",
            ),
        ],
    )
)
