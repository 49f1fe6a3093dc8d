"""How a conditional flow comes to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from uqgen.enforcement.enforcement import Enforcement
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.velocity import Velocity
from uqgen.generators.recipe import ModelContext, ModelRecipe
from uqgen.settings import naming, require


@dataclass(frozen=True)
class FlowRecipe(ModelRecipe):
    """Builds a `ConditionalFlow`.

    Attributes:
        velocity: (shape of an image, widths of the encoding's parts) to a network.
        training: the settings of the training.
        sampling: how it is integrated.
        kinds: see `ModelRecipe`.

    Examples:
        >>> from uqgen.generators.flow.mlp import MLPVelocity
        >>> recipe = FlowRecipe(MLPVelocity, FlowTraining(n_images=20_000), FlowSampling())
        >>> recipe.training.n_images
        20000
    """

    velocity: Callable[..., Velocity]
    training: FlowTraining
    sampling: FlowSampling
    kinds: Mapping[str, int] = field(default_factory=dict)

    def build(self, given: ModelContext) -> ConditionalFlow:
        """See `ModelRecipe`; a flow has no adversary beside which an enforcement could guide it."""
        enforcement = getattr(given.enforcement, "func", given.enforcement)
        allowed = "none with a flow, which a classifier guides while it generates (guidance=...)"
        require(enforcement is Enforcement, "enforcement", enforcement.__name__, allowed)
        with naming("model.velocity"):
            velocity = self.velocity(given.shape, given.encoding.part_dims)
        settings = (self.training, self.sampling, given.target, given.score)
        return ConditionalFlow(velocity, given.shape, given.encoding, *settings)
