"""The settings that the training of every generative model has."""

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from uqgen.data.censored import beyond_range
from uqgen.settings import require, require_integer, require_number, require_seed


@dataclass(frozen=True)
class Training:
    """How long and how fast a generative model is trained.

    Attributes:
        n_images: real images shown in all.
        batch_size: images in a step, over all devices.
        learning_rate: of the optimisers.
        decay: share of all images, the last ones, over which the learning rate falls linearly to 0.
        ema_half_life: half-life of the averaged weights, in images.
        margin, margin_reach: how far pixels at an end of [-1, 1] are moved beyond it before a model is trained on them,
            for each pixel of distance from others, up to this distance; see `uqgen.data.censored`.
        margin_from: magnitude from which on a pixel counts as one at an end: 1, or a little less where white varies, as
            in scans.
        seed: everything random in the training follows from it.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> training = Training(n_images=1000, decay=0.5)
        >>> training.learning_rate_after(0), training.learning_rate_after(750)
        (0.0025, 0.00125)
    """

    n_images: int
    batch_size: int = 32
    learning_rate: float = 0.0025
    decay: float = 0.0
    ema_half_life: float = 10_000
    margin: float = 0.0
    margin_reach: int = 1
    margin_from: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        require_integer("n_images", self.n_images, 1)
        require_integer("batch_size", self.batch_size, 2)
        require_seed("seed", self.seed)
        require_number("learning_rate", self.learning_rate, 1e-8, 1)
        require_number("decay", self.decay, 0, 1)
        require_number("ema_half_life", self.ema_half_life, 0)
        require_number("margin", self.margin, 0, 1)
        require_integer("margin_reach", self.margin_reach, 1)
        require_number("margin_from", self.margin_from, 0.5, 1)

    def as_trained(self, x: Tensor) -> Tensor:
        """Images float32 [N, C, H, W] in [-1, 1] as a model is trained on them: `beyond_range`; points as they are."""
        return beyond_range(x, self.margin, self.margin_reach, self.margin_from)

    @property
    def period(self) -> int:
        """Steps in which all that is not computed in every step is computed once."""
        return 1

    def without_penalty(self) -> Self:
        """The same without what takes the gradient of a gradient."""
        return self

    def learning_rate_after(self, n_images: int) -> float:
        """The learning rate of a step, given the images before it; at least 0."""
        left = max(0, self.n_images - n_images)
        return self.learning_rate * min(1.0, left / (self.decay * self.n_images)) if self.decay else self.learning_rate

    def check_batch(self, world_size: int, group: int) -> None:
        """Refuses a batch that does not fall into whole groups, images that the model judges together, on every device.

        Raises:
            SettingError: so it is.
        """
        shares = f"a multiple of {world_size * group}: groups of {group} images on {world_size} device(s)"
        require(self.batch_size % (world_size * group) == 0, "batch_size", self.batch_size, shares)
