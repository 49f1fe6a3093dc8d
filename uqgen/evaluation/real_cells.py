"""The real images of each class and bin of scores, with which generated ones are compared, and their own measures.

Each class and bin of scores is a cell. The real images of a cell are divided into a reference, training images to
compare with, and as many others, which give the floor. Classes with too few real images in a bin are one cell there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.evaluation.score_bins import ScoreBins
from uqgen.metrics.cluster_shares import Clusters
from uqgen.metrics.overlap import Overlap, is_within, overlap

FEWEST = 100  # on each side of a cell that is measured
DRAWING, REQUESTING = range(2)  # streams of random numbers


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


class FeatureSpace(NamedTuple):
    """The features that images are compared in.

    Attributes:
        features: images to float [N, F].
        n_clusters: in which the real images of a bin are divided.
        least: see `overlap`.
        detail: features float [N, F] to how strong the finest detail is, float [N], by which clusters have names; None
            where the features are not of detail, and no precision is measured in clusters.
    """

    features: Callable[[Tensor], Tensor]
    n_clusters: int
    least: float = 0.0
    detail: Callable[[Tensor], Tensor] | None = None


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
        space: the features that images are compared in.
        clusters: of the references of each of the B bins, all classes together; None where a bin has none.
        seed: draws images and requests.
    """

    cells: tuple[RealCell, ...]
    compared_in: Tensor
    bins: ScoreBins
    class_names: Sequence[str]
    space: FeatureSpace
    clusters: tuple[Clusters | None, ...]
    seed: int

    @classmethod
    def of(
        cls,
        train: ScoredImages,
        held_out: ScoredImages,
        bins: ScoreBins,
        class_names: Sequence[str],
        space: FeatureSpace,
        n_most: int,
        seed: int,
    ) -> "RealCells":
        """Draws the real images.

        Args:
            train: the training images.
            held_out: other real images.
            bins, class_names, space, seed: see the attributes.
            n_most: images on each side of a cell, fewer where there are fewer.
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
            reference = space.features(train.x[in_train[:n]])
            other.append(_shuffled(space.features(torch.cat(others)), rng))
            floor = overlap(reference, other[-1], least=space.least)
            cells.append(RealCell(in_train, len(in_held_out), reference, floor))
        clusters = tuple(_clusters(cells[b::step], other[b::step], space, seed) for b in range(step))
        return cls(tuple(cells), compared_in, bins, class_names, space, clusters, seed)

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


def _clusters(cells: Sequence[RealCell], other: Sequence[Tensor], space: FeatureSpace, seed: int) -> Clusters | None:
    """Of the references of one bin; `other` are features of as many other real images."""
    reference = torch.cat([cell.reference for cell in cells])
    if not len(reference):
        return None
    is_precise = within_references(cells, other, space)
    return Clusters.of(reference, torch.cat([*other]), space.n_clusters, seed, is_precise, space.detail)


def within_references(cells: Sequence[RealCell], features: Sequence[Tensor], space: FeatureSpace) -> Tensor | None:
    """Whether images lie among the real ones of their cell, bool [N], None in a space whose clusters have no names.

    Args:
        cells: the cells.
        features: float [n, F] of the images of each cell, as many as its reference.
        space: of these features.
    """
    if space.detail is None:
        return None
    pairs = zip(cells, features, strict=True)
    return torch.cat(
        [is_within(cell.reference, each, least=space.least) for cell, each in pairs if len(cell.reference)]
    )


def _shuffled(rows: Tensor, rng: torch.Generator) -> Tensor:
    return rows[torch.randperm(len(rows), generator=rng)]
