"""How a conditional GAN comes to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from uqgen.enforcement.enforcement import EnforcementContext
from uqgen.generators.gan.interface import ConditionalDiscriminator, ConditionalGenerator
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.resampling import Resampling
from uqgen.generators.gan.training import GANTraining
from uqgen.generators.recipe import ModelContext, ModelRecipe
from uqgen.settings import naming, require


@dataclass(frozen=True)
class GANRecipe(ModelRecipe):
    """Builds a `ConditionalGAN`.

    Attributes:
        generator, discriminator: (shape of an image, widths of the encoding's parts) to a network.
        training: the settings of the training.
        guidance_gradient: "weight" and "bound" that an enforcement through classifiers has unless it is given others:
            as much as these networks bear.
        resampling: how the discriminator chooses among latents.
        kinds: see `ModelRecipe`.

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
    resampling: Resampling = field(default_factory=Resampling)
    kinds: Mapping[str, int] = field(default_factory=dict)

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
        with naming("model.resampling"):  # the model checks it, too, but cannot tell where it is set
            self.resampling.check_group(discriminator.group)
        networks = (generator, discriminator, given.encoding)
        with naming("model.training"):
            detail = self.training.detail_energy
            require(len(given.shape) == 3 or detail == 0, "detail_energy", detail, "0 for points, which have no detail")
            return ConditionalGAN(*networks, self.training, enforcement, given.target, given.score, self.resampling)
