"""Generated beside real images of each class and part of the range of scores: what a person sees who looks at them.

Each class and bin of scores is a cell. Its n generated images are compared with n real training images of the cell;
what n other real images of the cell reach against the same is the floor. The scores requested are those of random real
images of the cell, so that a sound generator is at no disadvantage. Classes with too few real images in a bin are
compared there as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from uqgen import seeding
from uqgen.evaluation.score_bins import ScoreBins
from uqgen.metrics.bootstrap import Estimate, bootstrap
from uqgen.metrics.cluster_shares import Clusters, ClusterShares
from uqgen.metrics.overlap import MEASURES, K, Overlap, overlap, values
from uqgen.metrics.ratio import Ratio

FEWEST = 100  # images on each side of a cell that is measured
DRAWING, REQUESTING = range(2)  # streams of random numbers


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


class ScoredImages(NamedTuple):
    """Images, or points, with what was requested of them or is their own.

    Attributes:
        x: uint8 [N, C, H, W], or points float32 [N, 2].
        label: int64 [N], the class.
        score: float32 [N].
    """

    x: Tensor
    label: Tensor
    score: Tensor


class RealCell(NamedTuple):
    """The real images of one cell.

    Attributes:
        train: int64 [n_train], positions of the training images, in random order.
        n_held_out: number of held-out images.
        reference: float [n, F], features of n training images; n is 0 where there are too few.
        floor: of n other real images against these; None where n is 0.
    """

    train: Tensor
    n_held_out: int
    reference: Tensor
    floor: Overlap | None


@dataclass(frozen=True)
class RealCells:
    """The real images of every cell, and their floors: made once, whatever generators are measured.

    Attributes:
        cells: K classes of B bins, class by class; where K is above 1, then B of the classes with too few images.
        compared_in: int64 [K B], the cell that images of each class and bin are in: its own, or that of such classes.
        bins: the bins of scores.
        class_names: K names, in the order of the labels; a single one is of all classes together.
        features: images to float [N, F].
        clusters: of the references of each of the B bins, all classes together; None where a bin has none.
        seed: draws images and requests.
        least: see `overlap`.
    """

    cells: tuple[RealCell, ...]
    compared_in: Tensor
    bins: ScoreBins
    class_names: Sequence[str]
    features: Callable[[Tensor], Tensor]
    clusters: tuple[Clusters | None, ...]
    seed: int
    least: float = 0.0

    @classmethod
    def of(
        cls,
        train: ScoredImages,
        held_out: ScoredImages,
        bins: ScoreBins,
        class_names: Sequence[str],
        features: Callable[[Tensor], Tensor],
        n_most: int,
        n_clusters: int,
        seed: int,
        least: float = 0.0,
    ) -> "RealCells":
        """Draws the real images.

        Args:
            train: the training images.
            held_out: other real images.
            bins, class_names, features, seed, least: see the attributes.
            n_most: images on each side of a cell, fewer where there are fewer.
            n_clusters: in which the real images of a bin are divided.
        """
        rng, n_classes, step = seeding.generator(seed, DRAWING), len(class_names), len(bins)
        ours, theirs = (_cell_of(side, bins, n_classes) for side in (train, held_out))
        compared_in = _compared_in(ours, theirs, n_classes, step)
        cells, other = [], []
        for number in range((n_classes + (n_classes > 1)) * step):
            if number == n_classes * step:
                ours, theirs = (_in_cells(side, compared_in) for side in (ours, theirs))
            in_train, in_held_out = (_shuffled((side == number).nonzero().squeeze(1), rng) for side in (ours, theirs))
            n = min(n_most, len(in_train), (len(in_train) + len(in_held_out)) // 2)
            if n < FEWEST:
                cells.append(RealCell(in_train, len(in_held_out), torch.empty(0), None))
                other.append(torch.empty(0))
                continue
            others = [held_out.x[in_held_out[:n]], train.x[in_train[n : 2 * n - len(in_held_out[:n])]]]
            reference = features(train.x[in_train[:n]])
            other.append(_shuffled(features(torch.cat(others)), rng))
            floor = overlap(reference, other[-1], least=least)
            cells.append(RealCell(in_train, len(in_held_out), reference, floor))
        clusters = tuple(_clusters(cells[b::step], other[b::step], n_clusters, seed) for b in range(step))
        return cls(tuple(cells), compared_in, bins, class_names, features, clusters, seed, least)

    def lacking(self, requested: ScoredImages) -> Tensor:
        """What is to be requested beside what was, so that every cell has as many generated as real images.

        Args:
            requested: generated images, requested as real ones are.

        Returns:
            int64 [L], positions of the training images whose class and score are to be requested.
        """
        rng, numbers = seeding.generator(self.seed, REQUESTING), self.cells_of(requested)
        drawn = []
        for number, cell in enumerate(self.cells):
            n = max(len(cell.reference) - int((numbers == number).sum()), 0)
            drawn.append(cell.train[torch.randint(max(len(cell.train), 1), (n,), generator=rng)])
        return torch.cat(drawn)

    def typical(self, number: int) -> Tensor | None:
        """Positions of the training images nearest to the centre of each cluster of a bin.

        Args:
            number: of the bin.

        Returns:
            int64 [k, at most 8], the largest cluster first; None where the bin has none.
        """
        clusters, cells = self.clusters[number], self.cells[number :: len(self.bins)]
        if clusters is None:
            return None
        return torch.cat([cell.train[: len(cell.reference)] for cell in cells])[clusters.typical]

    def cells_of(self, images: ScoredImages) -> Tensor:
        """The number of the cell of each image, int64 [N]; -1 where it is in none."""
        return _in_cells(_cell_of(images, self.bins, len(self.class_names)), self.compared_in)


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
        features.append(real.features(generated.x[chosen]) if len(chosen) else cell.reference[:0])
        found.append(_in_cell(real, cell, features[-1], error, n_resamples))
    by_bin = [_in_bin(real, found[b::n_bins], features[b::n_bins], b) for b in range(n_bins)]
    below = [part for number, part in enumerate(by_bin) if number != real.bins.certain]
    return Manifold(K, by_bin[real.bins.certain], tuple(below), _mean_of(by_bin), _mean_of(below))


def _cell_of(images: ScoredImages, bins: ScoreBins, n_classes: int) -> Tensor:
    part = bins.of(images.score)
    return part if n_classes == 1 else torch.where(part < 0, -1, images.label * len(bins) + part)


def _compared_in(ours: Tensor, theirs: Tensor, n_classes: int, n_bins: int) -> Tensor:
    """See `RealCells`; of the cells of training and of held-out images."""
    n_cells = n_classes * n_bins
    n_train, n_held_out = (side[side >= 0].bincount(minlength=n_cells) for side in (ours, theirs))
    own = torch.arange(n_cells)
    if n_classes == 1:
        return own
    n = torch.minimum(n_train, (n_train + n_held_out) // 2)
    return torch.where(n < FEWEST, n_cells + own % n_bins, own)


def _in_cells(numbers: Tensor, compared_in: Tensor) -> Tensor:
    """The cells that images are in, int64 [N], -1 for none, of their classes and bins."""
    return torch.where(numbers < 0, -1, compared_in[numbers])


def _in_cell(real: RealCells, cell: RealCell, generated: Tensor, error: Tensor, n_resamples: int) -> InCell:
    n, sizes = len(cell.reference), (len(cell.train), cell.n_held_out)
    if n == 0 or len(generated) < n:
        return InCell(*sizes, 0)
    mean = bootstrap(lambda each: {"error": each.mean(axis=-1)}, (error.numpy(),), n_resamples)["error"]
    found = overlap(cell.reference, generated, least=real.least)
    return InCell(*sizes, n, found, cell.floor, mean)


def _in_bin(real: RealCells, found: Sequence[InCell], generated: Sequence[Tensor], number: int) -> InBin:
    """One bin, from its cells, and the features of what was generated in them, in the order of the classes."""
    n_classes = len(real.class_names)
    classes = dict(zip(real.class_names, found[:n_classes], strict=True))
    rest = next((each for each in found[n_classes:] if each.n_train or each.n_held_out), None)
    pairs = [(values(each.generated), values(each.floor)) for each in classes.values() if each.generated and each.floor]
    clusters, cells = real.clusters[number], real.cells[number :: len(real.bins)]
    is_whole = [each.n for each in found] == [len(cell.reference) for cell in cells]
    shares = clusters.shares(torch.cat([*generated])) if clusters and is_whole else None
    return InBin(*real.bins.bounds[number], _mean(pairs), classes, shares, rest)


def _clusters(cells: Sequence[RealCell], other: Sequence[Tensor], n_clusters: int, seed: int) -> Clusters | None:
    """Of the references of one bin; `other` are features of as many other real images."""
    reference = torch.cat([cell.reference for cell in cells])
    return Clusters.of(reference, torch.cat([*other]), n_clusters, seed) if len(reference) else None


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


def _shuffled(rows: Tensor, rng: torch.Generator) -> Tensor:
    return rows[torch.randperm(len(rows), generator=rng)]
