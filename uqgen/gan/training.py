"""The settings of a GAN's training."""

from dataclasses import dataclass

from uqgen.losses.adversarial import ADVERSARIAL_LOSSES
from uqgen.losses.penalties import PENALTIES
from uqgen.settings import require, require_choice, require_integer, require_number


@dataclass(frozen=True)
class GANTraining:
    """How a conditional GAN is trained.

    Attributes:
        n_images: images shown to the discriminator in all.
        batch_size: images in a step, over all devices.
        learning_rate: of both networks (Adam).
        decay: share of all images, the last ones, over which the learning rate falls linearly to 0.
        beta1, beta2: Adam's decay rates.
        loss: name in `ADVERSARIAL_LOSSES`.
        penalty: name in `PENALTIES`.
        penalty_weight: weight of the penalty (R1's gamma).
        penalty_every: the penalty is computed every so many steps, with its weight multiplied by as many ("lazy").
        path_length_weight: weight of StyleGAN2's path-length regularisation; 0 leaves it out.
        style_mixing: probability that an image mixes the styles of two z.
        ema_half_life: half-life of the averaged generator, in images.
        seed: everything random in the training follows from it.

    Raises:
        SettingError: a value is out of range.
    """

    n_images: int
    batch_size: int = 32
    learning_rate: float = 0.0025
    decay: float = 0.0
    beta1: float = 0.0
    beta2: float = 0.99
    loss: str = "non_saturating"
    penalty: str = "r1"
    penalty_weight: float = 1.0
    penalty_every: int = 16
    path_length_weight: float = 0.0
    style_mixing: float = 0.0
    ema_half_life: float = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        require_integer("n_images", self.n_images, 1)
        require_integer("batch_size", self.batch_size, 2)
        require_integer("penalty_every", self.penalty_every, 1)
        require_integer("seed", self.seed, 0)
        require_number("learning_rate", self.learning_rate, 1e-8, 1)
        require_number("decay", self.decay, 0, 1)
        require_number("beta1", self.beta1, 0, 0.999999)
        require_number("beta2", self.beta2, 0, 0.999999)
        require_number("penalty_weight", self.penalty_weight, 0)
        require_number("path_length_weight", self.path_length_weight, 0)
        require_number("style_mixing", self.style_mixing, 0, 1)
        require_number("ema_half_life", self.ema_half_life, 0)
        require_choice("loss", self.loss, ADVERSARIAL_LOSSES)
        require_choice("penalty", self.penalty, PENALTIES)

    def learning_rate_after(self, n_images: int) -> float:
        """The learning rate of a step, given the images before it."""
        left = self.n_images - n_images
        return self.learning_rate * min(1.0, left / (self.decay * self.n_images)) if self.decay else self.learning_rate

    def check_batch(self, world_size: int, group: int) -> None:
        """Refuses a batch that does not fall into whole groups of the discriminator on every device.

        Raises:
            SettingError: so it is.
        """
        shares = f"a multiple of {world_size * group}: groups of {group} images on {world_size} device(s)"
        require(self.batch_size % (world_size * group) == 0, "batch_size", self.batch_size, shares)
