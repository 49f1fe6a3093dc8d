"""Attributes that move the target's score, found in a trained model and confirmed in other images."""

import logging
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.discovery.directions import FEWEST, find_directions
from uqgen.explanation.discovery.discovered import Discovered, measure_attribute
from uqgen.explanation.discovery.subjects import STEP, Subjects, draw_subjects
from uqgen.explanation.discovery.sufficiency import Sufficiency, sufficiency
from uqgen.explanation.discovery.viewers import Viewers, take_steps
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.generators.model import ConditionalModel
from uqgen.settings import SettingError

log = logging.getLogger(__name__)

N_REFERENCE = 500  # images that say how far channels vary
N_STEPS = 6  # of a flow's integration: thousands of images are made


@dataclass(frozen=True)
class Discovery:
    """What was discovered.

    Attributes:
        attributes: the first moves most.
        sufficiency: of all of them, one after the other.
        moved_by: change of the score that counts.
        n_images: number of images in which attributes were looked for, and of others in which they were measured.
        n_channels: number of channels that the model offers.
    """

    attributes: tuple[Discovered, ...]
    sufficiency: Sufficiency
    moved_by: float
    n_images: int
    n_channels: int

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        known = {"moved_by": self.moved_by, "step": STEP, "n_images": self.n_images, "n_channels": self.n_channels}
        return {**known, "attributes": [each.results() for each in self.attributes], "sufficiency": self.sufficiency}


def discover_in(model: ConditionalModel, context: EvaluationContext, settings: ExplanationSettings) -> Discovery | None:
    """Discovers attributes in a model's images of every class, whose requested scores are spread evenly.

    Nothing guides the model meanwhile.

    Args:
        model: a trained model of images.
        context: the target, and the judges.
        settings: how many images and attributes, and the seed.

    Returns:
        None where none is wanted, or where the model offers no channels.
    """
    if settings.n_discovered == 0:
        return None
    viewers = Viewers(context.target, context.score, context.fitted_judges, context.requested_range)
    classes, n = torch.arange(context.data.n_classes), 2 * settings.n_examined
    try:
        subjects = draw_examined(model, classes, context.requested_range, n, settings.seed)
    except SettingError as error:
        log.warning("no attributes are discovered: %s", error)
        return None
    return discover(subjects, viewers, settings.n_discovered, settings.n_resamples, settings.seed)


def draw_examined(
    model: ConditionalModel, classes: Tensor, requested_range: tuple[float, float], n: int, seed: int
) -> Subjects:
    """Images of a model, each class as often, whose requested scores are spread evenly.

    Args:
        model: a trained model of images.
        classes: int64 [K], the classes requested.
        requested_range: the lowest and the highest score.
        n: number of images.
        seed: draws them.

    Raises:
        SettingError: the model offers no channels.
    """
    rng = seeding.generator(seed, device=model.device)
    inverter = model.inverter(N_STEPS, seed)
    reference, own = (_spread(number, classes, requested_range, rng) for number in (N_REFERENCE, n))
    latents = model.draw(N_REFERENCE, [reference], rng), model.draw(n, [own], rng)
    return draw_subjects(inverter, latents, (reference, own))


def discover(subjects: Subjects, viewers: Viewers, n: int, n_resamples: int = 1_000, seed: int = 0) -> Discovery:
    """Looks for attributes in the first half of the images, and measures them in the second.

    Args:
        subjects: images of a model, in no order.
        viewers: the target and the judges.
        n: number of attributes, at most.
        n_resamples: of the bootstrap.
        seed: draws resamples, and the channels with which attributes are compared.
    """
    looked_in, measured_in = subjects.halves
    found = find_attributes(looked_in, measured_in, viewers, n, n_resamples, seed)
    signs = [attribute.signs.to(subjects.spread.device) for attribute in found]
    enough = sufficiency(measured_in, signs, viewers, n_resamples, seed)
    return Discovery(found, enough, viewers.moved_by, len(looked_in), len(subjects.channels.names))


def find_attributes(
    looked_in: Subjects, measured_in: Subjects, viewers: Viewers, n: int, n_resamples: int = 1_000, seed: int = 0
) -> tuple[Discovered, ...]:
    """At most n attributes that are found in some images and confirmed in others; the arguments are `discover`'s."""
    names, measured = looked_in.channels.names, []
    for direction in find_directions(looked_in, replace(viewers, judges={}), n):  # judges look at what is found
        steps = take_steps(measured_in, measured_in.step_along(direction.signs), viewers)
        measured.append(measure_attribute(names, direction.signs, steps, viewers, n_resamples, seed))
    return tuple(attribute for attribute in measured if attribute.effects.moved.value >= FEWEST)


def _spread(n: int, classes: Tensor, requested_range: tuple[float, float], rng: torch.Generator) -> Condition:
    """Every class as often, and scores drawn evenly over the range."""
    place = torch.randperm(n, generator=rng, device=rng.device) % len(classes)
    low, high = requested_range
    score = low + (high - low) * torch.rand(n, generator=rng, device=rng.device)
    return Condition(classes.to(place.device)[place], score)
