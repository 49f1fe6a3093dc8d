"""From one given image to another through a trained model, with the score along the way."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.data.labelled import to_uint8
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.given_image import GivenImages, given_images, invert
from uqgen.generators.inversion import Inversion, Inverter
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score
from uqgen.settings import require_integer


@dataclass(frozen=True)
class Interpolation:
    """S images on the way from one to another; on the CPU.

    Attributes:
        x: uint8 [S, C, H, W]; the first and the last are the two reconstructions.
        score_out: float32 [S]; of the class of the first image where a score needs one.
        probabilities: float32 [S, K].
    """

    x: Tensor
    score_out: Tensor
    probabilities: Tensor

    @property
    def way(self) -> Tensor:
        """How far each is from the first, float32 [S] from 0 to 1."""
        return torch.linspace(0, 1, len(self.x))


@dataclass(frozen=True)
class Between:
    """From one given image to another.

    Attributes:
        given: the two images.
        error: float32 [2], of their inversion; see `Inversion.error`.
        on_the_way: S images from the reconstruction of the first to that of the second.
    """

    given: GivenImages
    error: Tensor
    on_the_way: Interpolation

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        own, made = self.given.own, self.on_the_way
        given = {"class": own.label, "score": own.score, "probabilities": self.given.probabilities, "error": self.error}
        on_the_way = {"way": made.way, "score": made.score_out, "probabilities": made.probabilities}
        parts = {"given": given, "on_the_way": on_the_way}
        return {part: {name: values.tolist() for name, values in found.items()} for part, found in parts.items()}


def interpolate(inverter: Inverter, ends: Inversion, target: FrozenClassifier, score: Score, n: int) -> Interpolation:
    """Leads one image to another, and has the images on the way scored; see `Inverter.between`.

    Args:
        inverter: of the trained model.
        ends: two images that were inverted.
        target: on the model's device.
        score: fitted to it.
        n: number S of images, both ends counted.

    Raises:
        SettingError: n is below 2.
    """
    require_integer("n", n, 2)
    x = to_uint8(inverter.between(ends, n)).cpu()
    logits = target.predict(x)
    probabilities = predictive_logits(logits).softmax(dim=1)
    return Interpolation(x, score(logits, ends.own.label[:1].cpu().expand(n)), probabilities)


def interpolate_given(
    model: ConditionalModel, context: EvaluationContext, first: Any, second: Any, settings: EditingSettings
) -> Between:
    """Finds two images in a model and goes from one to the other.

    Args:
        model: a trained model of images.
        context: the target, and the data.
        first, second: see `given_images`.
        settings: number of images on the way, steps of the inversion, and seed.

    Raises:
        SettingError: an image cannot be read, or images cannot be found in the model.
    """
    given = given_images(context, [first, second])
    inverter = model.inverter(settings.n_inversion_steps, settings.seed)
    ends = invert(given, inverter, model.device)
    made = interpolate(inverter, ends, context.target, context.score, settings.n_between)
    return Between(given, ends.error.cpu(), made)
