"""What is said of a slice: its numbers on held-out real images, what is typical of it, a sentence, what to collect."""

from collections import Counter
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.data.labelled import unit_range
from uqgen.data.low_pass import LowPass
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.gallery import NEAR, distinct, nearest_distances
from uqgen.explanation.slicing import Region, Seen, Slice
from uqgen.metrics.failure_detection import FailureDetection, Predictions, failure_detection
from uqgen.metrics.wilson import wilson
from uqgen.score_texts import score_texts

N_MEASURED = 500  # images of a slice, and of the rest, whose attributes are compared
CLEAR = 0.5  # standard deviations by which an attribute differs to be worth a word
OF_SLICE = ("n_errors", "error_rate", "rest", "judges", "explained", "is_confirmed", "is_own")  # as it is written down
MOST_NEEDED = 100_000  # images, beyond which no number is told


@dataclass(frozen=True)
class AttributeOfSlice:
    """What sets a slice's images apart from others of the same classes.

    Attributes:
        name: of the attribute.
        inside, outside: its means.
        difference: of the means, in standard deviations of both.
    """

    name: str
    inside: float
    outside: float
    difference: float


@dataclass(frozen=True)
class RealImage:
    """A held-out real image.

    Attributes:
        name: of the file, or its place in the split.
        position: in the split.
        label, predicted: names of its class, and of the most probable one.
        score: of the image.
    """

    name: str
    position: int
    label: str
    predicted: str
    score: float


@dataclass(frozen=True)
class SliceFacts:
    """What is said of a slice; everything is measured on held-out real images.

    Attributes:
        number: 1 for the first of the list.
        found: the slice.
        classes: names of those that its images are of; empty for all, and for all but one.
        predicted_as: the class that most of its errors are predicted as, and for which share of them.
        mean_score: of its images.
        quality: how far the score can be trusted within it.
        attribute: what differs most from other images of the classes; None where nothing does clearly.
        nearest: the real images that are most typical of it.
        generated: positions of typical generated images among all that took part, no two nearly the same.
        sentence: all of this in short.
        advice: what to collect.
    """

    number: int
    found: Slice[Region]
    classes: list[str]
    predicted_as: tuple[str, float] | None
    mean_score: float
    quality: FailureDetection | None
    attribute: AttributeOfSlice | None
    nearest: list[RealImage]
    generated: list[int]
    sentence: str
    advice: str

    def results(self) -> dict[str, Any]:
        """What is written: the facts and those of the slice, without its rule and its members."""
        facts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "found"}
        of_slice = {name: getattr(self.found, name) for name in OF_SLICE}
        return {**facts, "size": len(self.found.members), **of_slice}


def facts_of(
    number: int,
    found: Slice[Region],
    real: Seen,
    context: EvaluationContext,
    generated: Tensor,
    settings: ExplanationSettings,
) -> SliceFacts:
    """Writes down a slice.

    Args:
        number: 1 for the first of the list.
        found: the slice.
        real: the held-out images, as slices are found in them.
        context: the classifier and the same images.
        generated: uint8 [M, C, H, W], all that took part.
        settings: how many images are shown, resamples and seed.
    """
    names, members = context.data.class_names, list(found.members)
    errors = [place for place in members if real.is_wrong[place]]
    predicted_as = None
    if errors:
        (label, n), *_ = Counter(real.predicted[errors].tolist()).most_common(1)
        predicted_as = names[label], n / len(errors)
    classes = [names[label] for label in found.rule.classes]
    n_shown = settings.n_shown
    attribute = _attribute(found, real, context) if members else None
    mean = float(context.reference.score[members].mean()) if members else float("nan")
    (said,) = score_texts(mean, within=context.requested_range, aligned=True)
    return SliceFacts(
        number,
        found,
        classes if _are_few(classes, names) else [],
        predicted_as,
        mean,
        _quality(context, members, settings),
        attribute,
        [_real_image(context, real, place) for place in members[:n_shown]],
        _typical(found, context, generated, n_shown),
        _sentence(found, classes, predicted_as, attribute, said, names),
        _advice(found),
    )


def _real_image(context: EvaluationContext, real: Seen, place: int) -> RealImage:
    names = context.data.class_names
    return RealImage(
        context.data.name_of(context.settings.split, place),
        place,
        names[int(real.label[place])],
        names[int(real.predicted[place])],
        float(context.reference.score[place]),
    )


def _quality(context: EvaluationContext, members: list[int], settings: ExplanationSettings) -> FailureDetection | None:
    if not members:
        return None
    real = context.reference
    said = real.logits[members], real.data.label[members], real.score[members]
    return failure_detection(Predictions.of(*said, context.score.high_means), settings.n_resamples, settings.seed)


def _attribute(found: Slice[Region], real: Seen, context: EvaluationContext) -> AttributeOfSlice | None:
    """What differs the most from other held-out images of the same classes."""
    others = np.isin(real.label, found.rule.classes)
    others[list(found.members)] = False
    outside = np.flatnonzero(others)
    outside = outside[:: max(1, -(-len(outside) // N_MEASURED))]
    if min(len(found.members), len(outside)) < 2:
        return None
    x = context.reference.data.x
    ours, theirs = (
        measure_attributes(x[torch.as_tensor(places)], what)
        for places, what in ((list(found.members)[:N_MEASURED], "slice"), (outside, "others"))
    )
    spread = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / 2)
    shift = ours.mean(axis=0) - theirs.mean(axis=0)
    difference = np.divide(shift, spread, out=np.zeros_like(shift), where=spread > 0)
    most = int(np.abs(difference).argmax())
    if abs(difference[most]) < CLEAR:
        return None
    name = list(ATTRIBUTES)[most]
    return AttributeOfSlice(name, float(ours[:, most].mean()), float(theirs[:, most].mean()), float(difference[most]))


def _typical(found: Slice[Region], context: EvaluationContext, generated: Tensor, n: int) -> list[int]:
    """The most typical generated images, less those nearer to one before than real ones nearly ever are."""
    made = list(found.rule.generated)[: 4 * n]
    if not made or len(found.members) < 2:
        return made[:n]
    low_pass = LowPass()
    real = low_pass(unit_range(context.reference.data.x[list(found.members[:N_MEASURED])])).double()
    features = low_pass(unit_range(generated[made])).double()
    kept = distinct(features, float(nearest_distances(real).quantile(NEAR)))
    return [place for place, is_kept in zip(made, kept.tolist(), strict=True) if is_kept][:n]


def _sentence(
    found: Slice[Region],
    classes: list[str],
    predicted_as: tuple[str, float] | None,
    attribute: AttributeOfSlice | None,
    mean: str,
    names: list[str],
) -> str:
    if not found.members:
        return "No held-out real image is like these."
    rate, rest = found.error_rate, found.rest
    parts = [
        f"{len(found.members):,} real images of {_which(classes, names)}, mean score {mean}: "
        f"{_percent(rate.value)} are errors ({_percent(rate.low)} to {_percent(rate.high)}), "
        f"of all others {_percent(rest.value, 1)}"
    ]
    if predicted_as is not None:
        parts.append(f"{_percent(predicted_as[1])} of the errors are predicted as {predicted_as[0]}")
    if found.judges:
        parts.append(f"judges are wrong about {_percent(max(judge.value for judge in found.judges))} of them at most")
    if attribute is not None:
        way = "higher" if attribute.difference > 0 else "lower"
        parts.append(
            f"{attribute.name} is {way} than in others of these classes ({attribute.inside:.3g} against "
            f"{attribute.outside:.3g})"
        )
    return "; ".join(parts) + "."


def _percent(share: float, decimals: int = 0) -> str:
    return f"{100 * share:.{decimals}f} %"


def _are_few(classes: list[str], names: list[str]) -> bool:
    """Whether the classes are told by their own names; else by those of the others, at most one."""
    return len(classes) < max(len(names) - 1, 2) and len(classes) < len(names)


def _which(classes: list[str], names: list[str]) -> str:
    if _are_few(classes, names):
        return " and ".join(classes)
    left_out = [name for name in names if name not in classes]
    return f"all classes but {left_out[0]}" if left_out else "all classes"


def _advice(found: Slice[Region]) -> str:
    """What to collect."""
    if found.is_confirmed and not found.judges:
        return "Collect images like these and train with them; without judges it is not known if they are hard for all."
    if found.is_own:
        return "Collect images like these and train with them: judges do better on the same images."
    if found.is_confirmed:
        return "Hard for the judges, too: look whether a person can tell, and whether the labels are right."
    needed = _needed(found)
    more = f"about {needed:,} real images like these" if needed else "more real images like these"
    return f"Not confirmed: it takes {more} to tell, if the error rate stays."


def _needed(found: Slice[Region]) -> int | None:
    """How many images would put the intervals apart with the error rates as they are; None for no number."""
    if not found.members or not found.error_rate.value > found.rest.high:
        return None
    n = len(found.members)
    while n < MOST_NEEDED:
        if wilson(round(found.error_rate.value * n), n, found.level).low > found.rest.high:
            return n
        n *= 2
    return None
