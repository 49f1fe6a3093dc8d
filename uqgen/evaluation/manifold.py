"""Generated beside real images of each class and part of the range of scores: what a person sees who looks at them.

Each class and bin of scores is a cell. Its n generated images are compared with n real training images of the cell;
what n other real images of the cell reach against the same is the floor. The scores requested are those of random real
images of the cell, so that a sound generator is at no disadvantage. Classes with too few real images in a bin are
compared there as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uqgen.evaluation.real_cells import RealCell, RealCells, ScoredImages, within_references
from uqgen.metrics.bootstrap import Estimate, bootstrap_mean
from uqgen.metrics.cluster_shares import ClusterShares
from uqgen.metrics.overlap import MEASURES, K, Overlap, overlap, values
from uqgen.metrics.ratio import Ratio


@dataclass(frozen=True)
class BesideReal:
    """The measures of `Overlap` of generated images beside those of real ones, as means over cells.

    Attributes:
        precision, recall, density, coverage: generated, floor, and generated as share of the floor.
    """

    precision: Ratio
    recall: Ratio
    density: Ratio
    coverage: Ratio


@dataclass(frozen=True)
class InCell:
    """What was measured of one class in one bin of scores.

    Attributes:
        n_train, n_held_out: real images there are.
        n: images on each side of every measure; 0 where there are too few.
        generated: against n training images; None where n is 0.
        floor: of n other real images against the same; held-out ones, and training ones where these do not do.
        error: mean of |achieved - requested score| of the generated images.
    """

    n_train: int
    n_held_out: int
    n: int
    generated: Overlap | None = None
    floor: Overlap | None = None
    error: Estimate | None = None


@dataclass(frozen=True)
class InBin:
    """What was measured in one bin of scores.

    Attributes:
        low, high: edges of the bin.
        mean: over the classes that are measured; None where none is.
        classes: each class by its name.
        shares: of clusters of the real data of all these classes together; None where none is measured.
        rest: the classes that have too few images, together; None where no class has.
    """

    low: float
    high: float
    mean: BesideReal | None
    classes: dict[str, InCell]
    shares: ClusterShares | None = None
    rest: InCell | None = None


@dataclass(frozen=True)
class Manifold:
    """Overlap of generated with real images by class and score.

    Attributes:
        k: see `Overlap`.
        certain: the bin of the certain end.
        below: the other bins, by score.
        mean: over all bins that are measured, each counting alike; None where none is.
        mean_below: the same without the certain end.
    """

    k: int
    certain: InBin
    below: tuple[InBin, ...]
    mean: BesideReal | None
    mean_below: BesideReal | None


def measure_manifold(real: RealCells, generated: ScoredImages, score_out: Tensor, n_resamples: int) -> Manifold:
    """Measures generated images in every cell.

    Args:
        real: the real images.
        generated: with class and score requested. The first n of a cell count; one that has fewer, see
            `RealCells.lacking`, is not measured.
        score_out: float32 [N], the scores achieved.
        n_resamples: of the bootstrap of the error.
    """
    numbers, n_bins = real.cells_of(generated), len(real.bins)
    found, features = [], []
    for number, cell in enumerate(real.cells):
        chosen = (numbers == number).nonzero().squeeze(1)[: len(cell.reference)]
        error = (score_out[chosen] - generated.score[chosen]).abs().double()
        features.append(real.space.features(generated.x[chosen]) if len(chosen) else cell.reference[:0])
        found.append(_in_cell(real, cell, features[-1], error, n_resamples))
    by_bin = [_in_bin(real, found[b::n_bins], features[b::n_bins], b) for b in range(n_bins)]
    below = [part for number, part in enumerate(by_bin) if number != real.bins.certain]
    return Manifold(K, by_bin[real.bins.certain], tuple(below), _mean_of(by_bin), _mean_of(below))


def _in_cell(real: RealCells, cell: RealCell, generated: Tensor, error: Tensor, n_resamples: int) -> InCell:
    n, sizes = len(cell.reference), (len(cell.train), cell.n_held_out)
    if n == 0 or len(generated) < n:
        return InCell(*sizes, 0)
    mean = bootstrap_mean(error.numpy(), n_resamples)
    found = overlap(cell.reference, generated, least=real.space.least)
    return InCell(*sizes, n, found, cell.floor, mean)


def _in_bin(real: RealCells, found: Sequence[InCell], generated: Sequence[Tensor], number: int) -> InBin:
    """One bin, from its cells, and the features of what was generated in them, in the order of the classes."""
    n_classes = len(real.class_names)
    classes = dict(zip(real.class_names, found[:n_classes], strict=True))
    rest = next((each for each in found[n_classes:] if each.n_train or each.n_held_out), None)
    pairs = [(values(each.generated), values(each.floor)) for each in classes.values() if each.generated and each.floor]
    clusters, cells = real.clusters[number], real.cells[number :: len(real.bins)]
    is_whole = [each.n for each in found] == [len(cell.reference) for cell in cells]
    shares = None
    if clusters and is_whole:
        shares = clusters.shares(torch.cat([*generated]), within_references(cells, generated, real.space))
    return InBin(*real.bins.bounds[number], _mean(pairs), classes, shares, rest)


def _mean_of(bins: Sequence[InBin]) -> BesideReal | None:
    means = [part.mean for part in bins if part.mean is not None]
    return _mean([(_side(mean, "generated"), _side(mean, "real")) for mean in means])


def _side(mean: BesideReal, side: str) -> dict[str, float]:
    return {name: getattr(getattr(mean, name), side) for name in MEASURES}


def _mean(pairs: Sequence[tuple[dict[str, float], dict[str, float]]]) -> BesideReal | None:
    """Means of generated and real measures; None where there are none."""
    if not pairs:
        return None
    ours, floor = zip(*pairs, strict=True)
    means = [[float(np.mean([each[name] for each in side])) for side in (ours, floor)] for name in MEASURES]
    return BesideReal(*(Ratio.of(*both) for both in means))
