"""Attributes by which a classifier falls behind its judges, in generated images of one class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.discovery.discovered import Discovered, measure_attribute
from uqgen.explanation.discovery.discovery import draw_examined
from uqgen.explanation.discovery.own_steps import own_steps
from uqgen.explanation.discovery.subjects import Subjects
from uqgen.explanation.discovery.viewers import Steps, Viewers, take_steps
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.own_weakness import is_below_zero, lead_over_judges
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.bootstrap import Floats
from uqgen.settings import SettingError

CERTAIN = 0.1  # share of the range of scores that is its certain end
N_OWN = 3  # attributes, at most
N_NAMED = 5  # channels of an attribute that are named: it moves all


@dataclass(frozen=True)
class OwnDiscovery:
    """What was discovered.

    Attributes:
        label: the class that was looked at.
        name: of the class.
        attributes: of each, more takes the classifier further behind its judges, in images in which it was not looked
            for; the first is along the mean gradient.
        n_images: number of images in which attributes were looked for, and of others in which they were measured.
    """

    label: int
    name: str
    attributes: tuple[Discovered, ...]
    n_images: int

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        attributes = [each.results() for each in self.attributes]
        return {"label": self.label, "name": self.name, "attributes": attributes, "n_images": self.n_images}


def discover_own(
    model: ConditionalModel, context: EvaluationContext, label: int, settings: ExplanationSettings
) -> OwnDiscovery | None:
    """Discovers by what the target falls behind its judges, in images of a class of which it is sure.

    Args:
        model: a trained model of images.
        context: the target, and one judge at least.
        label: the class.
        settings: how many images and attributes, and the seed.

    Returns:
        None where none is wanted, or where the model offers no channels.
    """
    n = min(N_OWN, settings.n_discovered)
    if n == 0:
        return None
    viewers = Viewers(context.target, context.score, context.fitted_judges, context.requested_range)
    try:
        images = draw_examined(
            model, torch.tensor([label]), certain_end(viewers), 2 * settings.n_examined, settings.seed
        )
    except SettingError:  # discover_in has said it
        return None
    judges = [judge.classifier for judge in context.fitted_judges.values()]
    found = []
    for change, steps in take_own_steps(*images.halves, judges, viewers, n):
        signs = torch.zeros_like(change)
        strongest = change.abs().topk(min(N_NAMED, len(change))).indices
        signs[strongest] = change[strongest].sign()
        sizes = settings.n_resamples, settings.seed
        found.append(measure_attribute(images.channels.names, signs, steps, viewers, *sizes, has_sign=True))
    return OwnDiscovery(label, context.data.class_names[label], tuple(found), settings.n_examined)


def certain_end(viewers: Viewers) -> tuple[float, float]:
    """The scores of the range requested that are the most certain."""
    certain, uncertain = viewers.score.certain_first(*viewers.requested_range)
    bound = certain + CERTAIN * (uncertain - certain)
    return min(certain, bound), max(certain, bound)


def take_own_steps(
    looked_in: Subjects, measured_in: Subjects, judges: Sequence[FrozenClassifier], viewers: Viewers, n: int
) -> list[tuple[torch.Tensor, Steps]]:
    """Changes of channels float32 [C] found in some images, and what each does to others; see `own_steps`.

    More of each takes the classifier further behind its judges in the first images. Where it does not in the others,
    beyond chance, it is left out.
    """
    found = own_steps(looked_in, viewers.target, judges, n)
    confirmed = []
    for change in found:
        less, more = _leads(looked_in, change, judges, viewers)[1].mean(axis=0)
        signed = change if more <= less else -change
        steps, leads = _leads(measured_in, signed, judges, viewers)
        if is_below_zero(leads[:, 1], len(found)):
            confirmed.append((signed, steps))
    return confirmed


def _leads(
    subjects: Subjects, change: torch.Tensor, judges: Sequence[FrozenClassifier], viewers: Viewers
) -> tuple[Steps, Floats]:
    """Images less and more along a change, and by how much either changes the lead, float64 [N, 2]."""
    steps = take_steps(subjects, change.expand(len(subjects), -1), viewers)
    x, label = steps.x.flatten(0, 1), subjects.label.repeat_interleave(3)
    mine, *others = (classifier.predict(x) for classifier in (viewers.target, *judges))
    lead = lead_over_judges(mine, others, label).reshape(-1, 3)
    return steps, lead[:, [0, 2]] - lead[:, 1:2]
