"""How a conditional GAN comes to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uqgen.enforcement.enforcement import EnforcementContext
from uqgen.generators.gan.interface import ConditionalDiscriminator, ConditionalGenerator
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.recipe import ModelContext, ModelRecipe
from uqgen.settings import naming


@dataclass(frozen=True)
class GANRecipe(ModelRecipe):
    """Builds a `ConditionalGAN`.

    Attributes:
        generator, discriminator: (shape of an image, widths of the encoding's parts) to a network.
        training: the settings of the training.
        guidance_gradient: "weight" and "bound" that an enforcement through classifiers has unless it is given others:
            as much as these networks bear.

    Examples:
        >>> from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator
        >>> gradient = {"weight": 20.0, "bound": 10.0}
        >>> recipe = GANRecipe(MLPGenerator, MLPDiscriminator, GANTraining(n_images=20_000), gradient)
        >>> recipe.training.n_images
        20000
    """

    generator: Callable[..., ConditionalGenerator]
    discriminator: Callable[..., ConditionalDiscriminator]
    training: GANTraining
    guidance_gradient: Mapping[str, float]

    def build(self, given: ModelContext) -> ConditionalGAN:
        """See `ModelRecipe`."""
        with naming("model.generator"):
            generator = self.generator(given.shape, given.encoding.part_dims)
        with naming("model.discriminator"):
            discriminator = self.discriminator(given.shape, given.encoding.part_dims)
        with naming("enforcement"):
            context = EnforcementContext(
                given.target, given.surrogates, given.score, given.encoding, discriminator, given.real
            )
            enforcement = given.enforcement(context)
        with naming("model.training"):
            return ConditionalGAN(
                generator, discriminator, given.encoding, self.training, enforcement, given.target, given.score
            )
