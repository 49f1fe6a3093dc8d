"""Whether generated data fall into clusters of real data in the same shares, and how many look like real ones there.

The clusters are the bins of Richardson and Weiss (2018), "On GANs and GMMs", section 3. They count the bins whose
shares differ significantly, which of thousands of images nearly all do, by little. Here the shares are compared by
their total variation distance: the least share of the generated data that would have to be of another cluster.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from uqgen.metrics.metric import Metric, register
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.share_ratio import ShareRatio

N_STARTS = 4  # of k-means, of which the best is kept
N_TYPICAL = 8  # data nearest to a centre
FEWEST = 30  # data in a cluster, of either side, of which a precision is given


@dataclass(frozen=True)
class InCluster:
    """What was measured of one cluster.

    Attributes:
        share: of all data that are in it.
        precision: share of those in it that lie among the real data, of generated and of other real data; None where
            either side has fewer than 30, or it was not asked for.
        detail: how strong the finest detail of images at its centre is; None in features that are not of detail.
    """

    share: ShareRatio
    precision: ShareRatio | None = None
    detail: float | None = None

    @property
    def excess_outside(self) -> float:
        """Share of all generated data that are in it and among no real ones, beyond as many as of other real data."""
        return self.share.generated * (self.precision.real - self.precision.generated) if self.precision else 0.0


@dataclass(frozen=True)
class ClusterShares:
    """The clusters of real data in which generated data are.

    Attributes:
        distance: total variation distance of the shares from those of real data, 0 for the same, 1 for none in common:
            of generated data, and of other real ones.
        clusters: each, the largest first.
    """

    distance: Ratio
    clusters: tuple[InCluster, ...]


@dataclass(frozen=True)
class Clusters:
    """Clusters of real data, found by k-means.

    Attributes:
        centres: float64 [k, F], of the largest first.
        real: int64 [k], number of real data in each.
        other: int64 [k], of other real data.
        precise: int64 [k], of those that lie among the real ones; None where precision is not asked for.
        typical: int64 [k, at most 8], positions of the real data nearest to each centre.
        detail: how strong the finest detail at each centre is, the largest cluster first; None where precision is not
            asked for.

    Examples:
        >>> real, other = torch.tensor([[0.0], [0.1], [9.0], [9.1]]), torch.tensor([[0.0], [0.2], [8.9], [9.2]])
        >>> clusters = Clusters.of(real, other, k=2, seed=0)
        >>> clusters.shares(torch.tensor([[0.0], [8.8], [9.0], [9.3]])).distance.generated
        0.25
    """

    centres: Tensor
    real: Tensor
    other: Tensor
    typical: Tensor
    precise: Tensor | None = None
    detail: tuple[float, ...] | None = None

    @classmethod
    def of(
        cls,
        real: Tensor,
        other: Tensor,
        k: int,
        seed: int,
        is_precise: Tensor | None = None,
        detail: Callable[[Tensor], Tensor] | None = None,
    ) -> "Clusters":
        """Finds them.

        Args:
            real: float [N, F].
            other: float [M, F], other real data, for the floor.
            k: number of clusters; fewer where fewer of the real data differ.
            seed: draws where k-means starts.
            is_precise: bool [M], which of the other ones lie among the real ones; None for no precision.
            detail: features float [N, F] to how strong the finest detail is, float [N].
        """
        k = min(k, len(real.unique(dim=0)))
        found = KMeans(k, n_init=N_STARTS, random_state=seed % 2**32).fit(real.double().numpy())
        sizes = torch.from_numpy(found.labels_).long().bincount(minlength=k)
        order = sizes.argsort(descending=True, stable=True)
        centres = torch.from_numpy(found.cluster_centers_)[order]
        typical = torch.cdist(centres, real.double()).topk(min(N_TYPICAL, len(real)), largest=False).indices
        precise = None if is_precise is None else _counted(other[is_precise], centres)
        details = None if detail is None else tuple(detail(centres).tolist())
        return cls(centres, sizes[order], _counted(other, centres), typical, precise, details)

    def shares(self, generated: Tensor, is_precise: Tensor | None = None) -> ClusterShares:
        """Compares generated data with the real ones.

        Args:
            generated: float [L, F], L at least 1.
            is_precise: bool [L], which of these lie among the real ones; None for no precision.
        """
        ours = _counted(generated, self.centres)
        precise = None if is_precise is None else _counted(generated[is_precise], self.centres)
        distance = Ratio.of(*(_distance(side, self.real) for side in (ours, self.other)))
        counts = zip(self.real.tolist(), ours.tolist(), strict=True)
        sizes = [ShareRatio.of(*each, len(self), len(generated)) for each in counts]
        precisions = _precisions((self.precise, precise), (self.other, ours))
        details = self.detail or [None] * len(sizes)
        return ClusterShares(distance, tuple(map(InCluster, sizes, precisions, details)))

    def __len__(self) -> int:
        return int(self.real.sum())


def _counted(data: Tensor, centres: Tensor) -> Tensor:
    """How many of float [N, F] are nearest to each centre, int64 [k]."""
    return torch.cdist(data.double(), centres).argmin(dim=1).bincount(minlength=len(centres))


def _precisions(precise: tuple[Tensor | None, Tensor | None], sizes: tuple[Tensor, Tensor]) -> list[ShareRatio | None]:
    """Of each cluster, from counts int64 [k] of real and of generated data."""
    if precise[0] is None or precise[1] is None:
        return [None] * len(sizes[0])
    counts = torch.stack([precise[0], precise[1], *sizes], dim=1).tolist()
    return [ShareRatio.of(*each) if min(each[2:]) >= FEWEST else None for each in counts]


def _distance(counts: Tensor, others: Tensor) -> float:
    return float((counts / counts.sum() - others / others.sum()).abs().sum() / 2)


def _of(what: str, place: str, name: str, title: str, data: Literal["", "images"]) -> Metric:
    """The distance of the shares in one part of the range of scores, or its mean over several."""
    return Metric(
        f"{what}/{place}/shares/distance/generated",
        title,
        "lower",
        name=name,
        theme="realism",
        section="Quality" if place == "certain" else "",
        panel="Distance of cluster shares (certain end)" if place == "certain" else "",
        data=data,
    )


register(
    _of("manifold", "certain", "certain_shares", "distance of cluster shares (certain end)", ""),
    _of("manifold", "below/*", "below_shares", "distance of cluster shares (below it)", ""),
    _of(
        "texture", "certain", "certain_texture_shares", "distance of cluster shares by texture (certain end)", "images"
    ),
    _of("texture", "below/*", "below_texture_shares", "distance of cluster shares by texture (below it)", "images"),
)
