"""Another encoding and the kind of an image: which of several clusters of real images it is nearest to in texture."""

from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from torch import Tensor

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.neighbours import Neighbours
from uqgen.conditioning.softmax import N_NEAREST  # as many near images, so that vector and kind are of the same one
from uqgen.data.labelled import unit_range
from uqgen.data.texture import Texture
from uqgen.described import Plain, build_described, describe
from uqgen.settings import SettingError, require, require_integer

N_CLUSTERED = 20_000  # training images among which clusters are looked for
N_STARTS = 4  # of k-means, of which the best is kept
AT_ONCE = 1_000  # images whose texture is measured at once


class KindEncoding(Encoding):
    """Adds a part to another encoding: the one-hot kind of an image, sharp or blurred, clean or noisy.

    A generator is continuous in z, so without a kind it makes all that lies between a sharp and a blurred image, such
    as one that is blurred in one half. A self-conditioned GAN (Liu et al., 2020, "Diverse image generation via
    self-conditioned GANs", section 3) is told the cluster of each image, and so is its discriminator. Here clusters are
    found once, by k-means in `Texture`. A request of a class and a score gets the kind of a real image of that class
    and about that score, so every kind is made as often as it occurs there.

    Args:
        encoding: of everything else; or its description, in a checkpoint.
        n_kinds: number of clusters L.
        real: class and score of every training image, for an encoding that is described.

    Raises:
        SettingError: there are fewer than two kinds, or the encoding takes no score.

    Examples:
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> images = torch.randint(256, (4, 1, 8, 8), dtype=torch.uint8)
        >>> real = Condition(torch.tensor([0, 0, 1, 1]), torch.tensor([0.6, 1.0, 0.6, 1.0]))
        >>> encoding = KindEncoding(PaperEncoding(2, real), n_kinds=2)
        >>> encoding.fit(images)
        >>> complete = encoding.complete(Condition(torch.tensor([1]), torch.tensor([0.9])), torch.tensor([0.0]))
        >>> [part.shape for part in encoding(complete)]
        [torch.Size([1, 3]), torch.Size([1, 2])]
    """

    def __init__(self, encoding: Encoding | Plain, n_kinds: int, real: Condition | None = None) -> None:
        if isinstance(encoding, Mapping):
            encoding = cast(Encoding, build_described(encoding, Encoding, real=real))
        super().__init__(encoding.n_classes)
        self.save_hyperparameters({"encoding": describe(encoding), "n_kinds": n_kinds})
        require_integer("n_kinds", n_kinds, 2)
        told = encoding.real
        if told is None:
            raise SettingError(
                "encoding", type(encoding).__name__, "one of conditions with a score, which kinds go with"
            )
        self.encoding, self.n_kinds = encoding, n_kinds
        self.real, self.uses_probabilities = told, encoding.uses_probabilities
        self.part_dims = (*encoding.part_dims, n_kinds)
        self.neighbours = Neighbours(encoding.n_classes, told, N_NEAREST)
        self.texture = Texture()
        self.register_buffer("centres", torch.zeros(n_kinds, Texture.N_FEATURES))
        self.register_buffer("kind", torch.zeros(len(told.label), dtype=torch.int32))
        self.centres: Tensor
        self.kind: Tensor
        self.is_fitted = False

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Finds the kinds, the one with the least fine detail first.

        Args:
            images: uint8 [N, C, H, W], every training image, in the order of the real conditions.

        Raises:
            SettingError: fewer images differ than there are kinds.
        """
        texture = torch.cat([self.texture(unit_range(chunk)) for chunk in images.split(AT_ONCE)]).double()
        some = texture[:: -(-len(texture) // N_CLUSTERED)]
        differing = len(some.unique(dim=0))
        require(self.n_kinds <= differing, "n_kinds", self.n_kinds, f"at most the {differing} images that differ")
        found = KMeans(self.n_kinds, n_init=N_STARTS, random_state=0).fit(some.numpy())
        centres = torch.from_numpy(found.cluster_centers_).float()
        self.centres.copy_(centres[self.texture.strength_of_detail(centres).argsort()])
        self.kind.copy_(self._kind_of(texture.float().to(self.centres.device)))
        self.is_fitted = True

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """See `Encoding`; adds a kind where there is none.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): of which of the nearest images the kind is taken.
        """
        condition = self.encoding.complete(condition, chance)
        if condition.kind is not None:
            return condition
        self._require_fitted()
        return condition._replace(kind=self.kind[self.neighbours(condition, chance)].long())

    def observed(self, condition: Condition, images: Tensor) -> Condition:
        """See `Encoding`; adds the kind of each image."""
        self._require_fitted()
        condition = self.encoding.observed(condition, images)
        return condition._replace(kind=self._kind_of(self.texture(images)))

    def rescored(self, condition: Condition, score: Tensor) -> Condition:
        """See `Encoding`; the kind stays."""
        return self.encoding.rescored(condition, score)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A complete condition of N images to the parts of the other encoding and float32 [N, L]."""
        assert condition.kind is not None
        return *self.encoding(condition), F.one_hot(condition.kind, self.n_kinds).float()

    def _kind_of(self, texture: Tensor) -> Tensor:
        return torch.cdist(texture, self.centres).argmin(dim=1)

    def _require_fitted(self) -> None:
        if not self.is_fitted:
            raise SettingError("n_kinds", self.n_kinds, "kinds that were found: call encoding.fit(images) first")

    def _load_from_state_dict(self, *args: Any) -> None:
        super()._load_from_state_dict(*args)
        self.is_fitted = bool(self.centres.any())
