"""The settings of a GAN's training."""

import math
from dataclasses import dataclass, replace
from typing import Self

from uqgen.generators.gan.adversarial import ADVERSARIAL_LOSSES
from uqgen.generators.gan.energy_score import ENERGY_SCORES
from uqgen.generators.gan.penalties import PENALTIES
from uqgen.generators.training import Training
from uqgen.settings import require, require_bool, require_choice, require_integer, require_number


@dataclass(frozen=True)
class GANTraining(Training):
    """How a conditional GAN is trained; for what every model has, see `Training`.

    Attributes:
        beta1, beta2: Adam's decay rates.
        loss: name in `ADVERSARIAL_LOSSES`.
        penalty: name in `PENALTIES`.
        penalty_weight: weight of the penalty (R1's gamma).
        penalty_every: the penalty is computed every so many steps, with its weight multiplied by as many ("lazy").
        one_pass: the generator learns from the discriminator's own pass through the fakes
            (`uqgen.generators.gan.adversarial.generator_gradient`), before its step, in place of another one after it:
            faster, for a discriminator that sees each image alone.
        energy: length of the energy score's gradient by the generated images (`uqgen.generators.gan.energy_score`),
            relative to that of the adversarial loss; 0 leaves it out.
        detail_energy: the same of images' fine detail; of points there is none.
        path_length_weight: weight of StyleGAN2's path-length regularisation; 0 leaves it out.
        style_mixing: probability that an image mixes the styles of two z.

    Raises:
        SettingError: a value is out of range.

    Examples:
        >>> GANTraining(n_images=200_000, loss="relativistic", penalty="r1_r2").penalty_weight
        1.0
    """

    beta1: float = 0.0
    beta2: float = 0.99
    loss: str = "non_saturating"
    penalty: str = "r1"
    penalty_weight: float = 1.0
    penalty_every: int = 16
    one_pass: bool = False
    energy: float = 0.0
    detail_energy: float = 0.0
    path_length_weight: float = 0.0
    style_mixing: float = 0.0

    @property
    def period(self) -> int:
        """See `Training`."""
        return self.penalty_every

    def without_penalty(self) -> Self:
        """See `Training`."""
        return replace(self, penalty_weight=0.0)

    def check_batch(self, world_size: int, group: int) -> None:
        """See `Training`; images of an energy score come in pairs."""
        super().check_batch(world_size, math.lcm(group, 2) if self.has_energy else group)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_bool("one_pass", self.one_pass)
        require_integer("penalty_every", self.penalty_every, 1)
        require_number("beta1", self.beta1, 0, 0.999999)
        require_number("beta2", self.beta2, 0, 0.999999)
        require_number("penalty_weight", self.penalty_weight, 0)
        for name in ENERGY_SCORES:
            require_number(name, getattr(self, name), 0)
        require_number("path_length_weight", self.path_length_weight, 0)
        require_number("style_mixing", self.style_mixing, 0, 1)
        require_choice("loss", self.loss, ADVERSARIAL_LOSSES)
        require_choice("penalty", self.penalty, PENALTIES)
        fits = self.penalty != "r1_r2" or ADVERSARIAL_LOSSES[self.loss].pairs
        require(fits, "penalty", self.penalty, "r1 with this loss, whose fakes have other conditions than real images")

        steep = not self.one_pass or ADVERSARIAL_LOSSES[self.loss].is_steep
        require(steep, "one_pass", self.one_pass, f"false with the {self.loss} loss, which has no slope at sure fakes")

    @property
    def has_energy(self) -> bool:
        """Whether an energy score takes part, for which two images are made under each condition."""
        return any(getattr(self, name) > 0 for name in ENERGY_SCORES)
