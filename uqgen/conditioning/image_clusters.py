"""Which of several clusters of real images an image is nearest to, in features that were taught nothing."""

from typing import Any

import torch
from sklearn.cluster import KMeans
from torch import Tensor, nn

from uqgen.data.labelled import unit_range
from uqgen.data.low_pass import LowPass
from uqgen.data.texture import Texture
from uqgen.settings import SettingError, require, require_choice

FEATURES: dict[str, type[nn.Module]] = {"texture": Texture, "shape": LowPass}

N_CLUSTERED = 20_000  # images among which clusters are looked for
N_STARTS = 4  # of k-means, of which the best is kept
AT_ONCE = 1_000  # images whose features are measured at once


class ImageClusters(nn.Module):
    """Clusters by texture (`Texture`: sharp or blurred, clean or noisy) or by shape (`LowPass`), found by k-means.

    Args:
        by: "texture" or "shape".
        n: number of clusters.

    Raises:
        SettingError: there are no such features, or fewer than two clusters.

    Examples:
        >>> images = torch.randint(256, (4, 1, 8, 8), dtype=torch.uint8)
        >>> clusters = ImageClusters("shape", 2)
        >>> clusters.fit(images).equal(clusters(unit_range(images)))
        True
    """

    def __init__(self, by: str, n: int) -> None:
        super().__init__()
        require_choice("kinds", by, FEATURES)
        is_several = isinstance(n, int) and not isinstance(n, bool) and n >= 2
        require(is_several, f"kinds.{by}", n, "0 for none, or an integer of at least 2")
        self.by, self.n = by, n
        self.features = FEATURES[by]()
        self.register_buffer("centres", torch.zeros(n, 0))  # as many columns as there are features, once they are found
        self.centres: Tensor

    @property
    def is_fitted(self) -> bool:
        """Whether the clusters were found."""
        return self.centres.numel() > 0

    @torch.no_grad()
    def fit(self, images: Tensor) -> Tensor:
        """Finds the clusters.

        Args:
            images: uint8 [N, C, H, W].

        Returns:
            int64 [N], the cluster of each.

        Raises:
            SettingError: fewer images differ than there are to be clusters.
        """
        self.check(images)
        features = self._measured(images)
        found = KMeans(self.n, n_init=N_STARTS, random_state=0).fit(_some(features).double().numpy())
        self.centres = torch.from_numpy(found.cluster_centers_).to(self.centres)
        return self._nearest(features.to(self.centres))

    @torch.no_grad()
    def check(self, images: Tensor) -> None:
        """Looks at as many images as it needs to find enough that differ; images as in `fit`.

        Raises:
            SettingError: fewer differ than there are to be clusters.
        """
        differing = torch.zeros(0)
        for chunk in _some(images).split(AT_ONCE):
            features = self._measured(chunk)
            differing = torch.cat([differing.view(-1, features.shape[1]), features]).unique(dim=0)
            if len(differing) >= self.n:
                return
        allowed = f"at most the {len(differing)} images that differ"
        raise SettingError(f"kinds.{self.by}", self.n, allowed)

    @torch.no_grad()
    def of(self, images: Tensor) -> Tensor:
        """The cluster of each of many images, uint8 [N, C, H, W]; int64 [N]."""
        return self._nearest(self._measured(images).to(self.centres))

    def forward(self, images: Tensor) -> Tensor:
        """The cluster of each image.

        Args:
            images: float32 [N, C, H, W] in [-1, 1].

        Returns:
            int64 [N].
        """
        return self._nearest(self.features(images))

    def _measured(self, images: Tensor) -> Tensor:
        """The features of images uint8 [N, C, H, W], float32 [N, F] on the CPU."""
        return torch.cat([self.features(unit_range(chunk)) for chunk in images.split(AT_ONCE)])

    def _nearest(self, features: Tensor) -> Tensor:
        return torch.cdist(features, self.centres).argmin(dim=1)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *more: Any) -> None:
        self.centres = self.centres.new_zeros(state[prefix + "centres"].shape)
        super()._load_from_state_dict(state, prefix, *more)


def _some(images: Tensor) -> Tensor:
    """Those among which clusters are looked for, or their features."""
    return images[:: -(-len(images) // N_CLUSTERED)]
