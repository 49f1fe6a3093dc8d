"""Whether generated data fall into clusters of real data in the shares in which real data do.

The clusters are the bins of Richardson and Weiss (2018), "On GANs and GMMs", section 3. They count the bins whose
shares differ significantly, which of thousands of images nearly all do, by little. Here the shares are compared by
their total variation distance: the least share of the generated data that would have to be of another cluster.
"""

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


@dataclass(frozen=True)
class ClusterShares:
    """The shares of clusters in generated and in real data.

    Attributes:
        distance: total variation distance of the shares from those of real data, 0 for the same, 1 for none in common:
            of generated data, and of other real ones.
        clusters: the share of each, the largest first.
    """

    distance: Ratio
    clusters: tuple[ShareRatio, ...]


@dataclass(frozen=True)
class Clusters:
    """Clusters of real data, found by k-means.

    Attributes:
        centres: float64 [k, F], of the largest first.
        real: int64 [k], number of real data in each.
        other: int64 [k], of other real data.
        typical: int64 [k, at most 8], positions of the real data nearest to each centre.

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

    @classmethod
    def of(cls, real: Tensor, other: Tensor, k: int, seed: int) -> "Clusters":
        """Finds them.

        Args:
            real: float [N, F].
            other: float [M, F], other real data, for the floor.
            k: number of clusters; fewer where fewer of the real data differ.
            seed: draws where k-means starts.
        """
        k = min(k, len(real.unique(dim=0)))
        found = KMeans(k, n_init=N_STARTS, random_state=seed % 2**32).fit(real.double().numpy())
        sizes = torch.from_numpy(found.labels_).long().bincount(minlength=k)
        order = sizes.argsort(descending=True, stable=True)
        centres = torch.from_numpy(found.cluster_centers_)[order]
        typical = torch.cdist(centres, real.double()).topk(min(N_TYPICAL, len(real)), largest=False).indices
        return cls(centres, sizes[order], _counted(other, centres), typical)

    def shares(self, generated: Tensor) -> ClusterShares:
        """Compares generated data, float [L, F], L at least 1, with the real ones."""
        ours = _counted(generated, self.centres)
        distance = Ratio.of(*(_distance(side, self.real) for side in (ours, self.other)))
        counts = zip(self.real.tolist(), ours.tolist(), strict=True)
        return ClusterShares(distance, tuple(ShareRatio.of(*each, len(self), len(generated)) for each in counts))

    def __len__(self) -> int:
        return int(self.real.sum())


def _counted(data: Tensor, centres: Tensor) -> Tensor:
    """How many of float [N, F] are nearest to each centre, int64 [k]."""
    return torch.cdist(data.double(), centres).argmin(dim=1).bincount(minlength=len(centres))


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
