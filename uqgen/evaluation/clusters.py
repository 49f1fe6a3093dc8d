"""Clusters of real images in each part of the range of scores, each one that a verdict looks at by itself."""

from collections.abc import Sequence
from typing import NamedTuple

from uqgen.evaluation.cells import in_words
from uqgen.evaluation.manifold import Manifold
from uqgen.metrics.cluster_shares import InCluster


class Cluster(NamedTuple):
    """A cluster of images that are alike.

    Attributes:
        alike: in what they are, as a sentence says it; empty for the features of all that is measured.
        where: the part of the range in words.
        found: what was measured.
        others: the clusters of the same part of the range, itself among them.

    Examples:
        >>> from uqgen.metrics.share_ratio import ShareRatio
        >>> blurred, sharp = (InCluster(ShareRatio.of(5, 5, 9, 9), detail=detail) for detail in (-3.0, -1.0))
        >>> Cluster(" in texture", "at the certain end", sharp, (blurred, sharp)).detail
        'the most fine detail'
    """

    alike: str
    where: str
    found: InCluster
    others: Sequence[InCluster]

    @property
    def detail(self) -> str:
        """What tells it from the others: "the least fine detail", "the second least" ...

        Raises:
            ValueError: it was found in features that are not of detail.
        """
        from_least = sorted(each.detail for each in self.others if each.detail is not None)
        if self.found.detail is None:
            raise ValueError("clusters in these features have no strength of fine detail")
        weaker = from_least.index(self.found.detail)
        stronger = len(from_least) - 1 - weaker
        rank = min(weaker, stronger)
        ordinal = ("", "second ", "third ")[rank] if rank < 3 else f"{rank + 1}th "
        return f"the {ordinal}{'least' if weaker <= stronger else 'most'} fine detail"


def clusters_of(manifold: Manifold, alike: str = "") -> list[Cluster]:
    """Every cluster in every part of the range; `alike` says in what the members of one are alike."""
    return [
        Cluster(alike, in_words(part.low, part.high, part is manifold.certain), found, part.shares.clusters)
        for part in (manifold.certain, *manifold.below)
        if part.shares
        for found in part.shares.clusters
    ]
