"""Another encoding and the kinds of an image: which clusters of real images it is nearest to, by texture or shape."""

from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.image_clusters import ImageClusters
from uqgen.conditioning.neighbours import Neighbours
from uqgen.conditioning.softmax import N_NEAREST  # as many near images, so that vector and kinds are of the same one
from uqgen.described import Plain, build_described, describe
from uqgen.settings import SettingError

KEPT_AT = 0.25  # of the way along a sweep
UNKNOWN = -1  # kind of an image whose clusters are still to be read


class KindEncoding(Encoding):
    """Adds parts to another encoding: the one-hot kinds of an image, such as sharp or blurred, clean or noisy.

    A generator is continuous in z, so without kinds it makes all that lies between a sharp and a blurred image, such
    as one that is blurred in one half. Both networks of a self-conditioned GAN (Liu et al., 2020, "Diverse image
    generation via self-conditioned GANs", section 3) are given the cluster of each image. Here clusters are found once,
    by `ImageClusters`. A request of a class and a score gets the kinds of a real image of that class and about that
    score, so every kind is made as often as it occurs there.

    Args:
        encoding: of everything else; or its description, in a checkpoint.
        kinds: by what they are told apart, "texture" or "shape", and the number of clusters by each, 0 for none.
        real: class and score of every training image, for an encoding that is described.
        images: the training images, uint8 [M, C, H, W], for a checkpoint that knows others: a run may go on with those
            that are still there. None where none can be missing.

    Raises:
        SettingError: there are no such kinds, one alone, or the encoding takes no score.

    Examples:
        >>> from uqgen.conditioning.paper import PaperEncoding
        >>> images = torch.randint(256, (4, 1, 8, 8), dtype=torch.uint8)
        >>> real = Condition(torch.tensor([0, 0, 1, 1]), torch.tensor([0.6, 1.0, 0.6, 1.0]))
        >>> encoding = KindEncoding(PaperEncoding(2, real), {"texture": 2, "shape": 3})
        >>> encoding.fit(images)
        >>> complete = encoding.complete(Condition(torch.tensor([1]), torch.tensor([0.9])), torch.tensor([0.0]))
        >>> [part.shape for part in encoding(complete)]
        [torch.Size([1, 3]), torch.Size([1, 2]), torch.Size([1, 3])]
    """

    def __init__(
        self,
        encoding: Encoding | Plain,
        kinds: Mapping[str, int],
        real: Condition | None = None,
        images: Tensor | None = None,
    ) -> None:
        if isinstance(encoding, Mapping):
            encoding = cast(Encoding, build_described(encoding, Encoding, real=real))
        super().__init__(encoding.n_classes)
        kinds = {by: n for by, n in kinds.items() if n != 0}
        self.save_hyperparameters({"encoding": describe(encoding), "kinds": kinds})
        told = encoding.real
        if told is None:
            raise SettingError(
                "encoding", type(encoding).__name__, "one of conditions with a score, which kinds go with"
            )
        self.encoding = encoding
        self.real, self.uses_probabilities = told, encoding.uses_probabilities
        self.clusters = nn.ModuleList(ImageClusters(by, n) for by, n in kinds.items())
        self.n_kinds = tuple(kinds.values())
        self.part_dims = (*encoding.part_dims, *self.n_kinds)
        self.neighbours = Neighbours(encoding.n_classes, told, N_NEAREST)
        self.register_buffer("kinds", torch.zeros(len(told.label), len(kinds), dtype=torch.int32))
        self.kinds: Tensor
        self.images = images
        self.register_load_state_dict_post_hook(_find_kinds_anew)

    def fit(self, images: Tensor) -> None:
        """Finds the kinds.

        Args:
            images: uint8 [N, C, H, W], every training image, in the order of the real conditions.

        Raises:
            SettingError: fewer images differ than there are kinds.
        """
        self.kinds.copy_(torch.stack([each.fit(images) for each in self._clusters], dim=1))

    def complete(self, condition: Condition, chance: Tensor) -> Condition:
        """See `Encoding`; adds kinds where there are none.

        Args:
            condition: N classes and scores.
            chance: float [N] in [0, 1): of which of the nearest images the kinds are taken.
        """
        condition = self.encoding.complete(condition, chance)
        if condition.kinds is not None:
            return condition
        self._require_fitted()
        return condition._replace(kinds=self.kinds[self.neighbours(condition, chance)].long())

    def observed(self, condition: Condition, images: Tensor) -> Condition:
        """See `Encoding`; adds the kinds of each image."""
        self._require_fitted()
        condition = self.encoding.observed(condition, images)
        return condition._replace(kinds=torch.stack([each(images) for each in self._clusters], dim=1))

    def along_scores(self, label: Tensor, scores: Tensor, chance: Tensor) -> Condition:
        """See `Encoding`; the kinds are those that go with the score a quarter of the way.

        The kind of a certain image, mostly sharp strokes on black, hardly occurs among uncertain ones, and theirs
        hardly among certain ones.
        """
        swept = self.encoding.along_scores(label, scores, chance)
        quarter = Condition(label, scores[:, 0].lerp(scores[:, -1], KEPT_AT))
        kinds = self.complete(quarter, chance).kinds
        assert kinds is not None
        return swept._replace(kinds=kinds.repeat_interleave(scores.shape[1], dim=0))

    def rescored(self, condition: Condition, score: Tensor) -> Condition:
        """See `Encoding`; the kinds stay."""
        return self.encoding.rescored(condition, score)

    def forward(self, condition: Condition) -> tuple[Tensor, ...]:
        """A complete condition of N images to the parts of the other encoding, and float32 [N, L] for L kinds."""
        assert condition.kinds is not None
        each = zip(condition.kinds.unbind(dim=1), self.n_kinds, strict=True)
        return *self.encoding(condition), *(F.one_hot(kind, n).float() for kind, n in each)

    @property
    def _clusters(self) -> list[ImageClusters]:
        return [cast(ImageClusters, each) for each in self.clusters]

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *more: Any) -> None:
        name = prefix + "kinds"
        if self.images is not None and name in state and state[name].shape != self.kinds.shape:
            self.kinds.fill_(UNKNOWN)
            state[name] = self.kinds
        super()._load_from_state_dict(state, prefix, *more)

    def _require_fitted(self) -> None:
        if not all(each.is_fitted for each in self._clusters):
            counts = dict(zip((each.by for each in self._clusters), self.n_kinds, strict=True))
            raise SettingError("kinds", counts, "kinds that were found: call encoding.fit(images) first")


def _find_kinds_anew(encoding: KindEncoding, _: Any) -> None:
    """Of the images that are there, once the clusters of a checkpoint that knows others are read."""
    if encoding.images is not None and (encoding.kinds == UNKNOWN).any():
        kinds = [each.of(encoding.images) for each in encoding._clusters]
        encoding.kinds.copy_(torch.stack(kinds, dim=1))
