"""Slices of a run: where its classifier is weak, as a list to work off."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.penultimate import SeenFeatures
from uqgen.classifiers.predictions import predict
from uqgen.data.datamodule import SPLITS
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import Generated
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.slice_facts import SliceFacts, facts_of
from uqgen.explanation.slicing import Floats, Projection, Seen, confirm, find_regions


@dataclass(frozen=True)
class Slices:
    """Everything that was found.

    Attributes:
        facts: own weaknesses first, then what is confirmed, then hypotheses.
        split: of the held-out images.
        n_found_on: real images, of other splits, that served to find.
        x: uint8 [M, C, H, W], the generated images that took part.
        requested: int64 [M], their classes.
        score_out: float32 [M], the scores achieved.
    """

    facts: list[SliceFacts]
    split: str
    n_found_on: int
    x: Tensor
    requested: Tensor
    score_out: Tensor

    def slice_of(self, n: int) -> list[int]:
        """For each of n held-out images the number of the first confirmed slice that holds it, 0 for none."""
        found = [0] * n
        for facts in reversed(self.facts):
            if facts.found.is_confirmed:
                for member in facts.found.members:
                    found[member] = facts.number
        return found


def find_slices(context: EvaluationContext, generated: Sequence[Generated], settings: ExplanationSettings) -> Slices:
    """Finds slices on generated images and on real ones of other splits, and puts them to the real ones of this split.

    Args:
        context: the classifier and the real images.
        generated: images requested to be uncertain.
        settings: sizes and seed.
    """
    view, features = context.score, SeenFeatures(context.target, context.data.n_classes)
    x = torch.cat([part.x for part in generated])
    requested = torch.cat([part.requested.label for part in generated])
    logits, score_out = (torch.cat([getattr(part, name) for part in generated]) for name in ("logits", "score_out"))
    others = _images_to_find_on(context, settings.n_slice_images)
    raw = features(others.x)
    projection = Projection(raw.numpy())

    def judged(x: Tensor) -> list[Tensor]:
        return [predict(judge, x) for judge in context.judges.values()]

    def as_seen(raw: Tensor, label: Tensor, logits: Tensor, score: Tensor, judges: Sequence[Tensor]) -> Seen:
        return seen(projection(raw.numpy()), label, logits, view.certainty(score), judges)

    found_on = as_seen(raw, others.label, others.logits, view(others.logits, others.label), judged(others.x))
    made = as_seen(features(x), requested, logits, score_out, judged(x))
    regions = find_regions(found_on, made, settings.n_slices, settings.seed)
    real = context.reference
    by_judges = list(real.judge_logits.values())
    held_out = as_seen(features(real.data.x), real.data.label, real.logits, real.score, by_judges)
    slices = confirm(regions, held_out)
    facts = [facts_of(number, each, held_out, context, x, settings) for number, each in enumerate(slices, start=1)]
    return Slices(facts, context.settings.split, len(others.label), x, requested, score_out)


def seen(features: Floats, label: Tensor, logits: Tensor, certainty: Tensor, judges: Sequence[Tensor]) -> Seen:
    """Images as slices are found in them.

    Args:
        features: float64 [N, F].
        label: int64 [N].
        logits: float32 [N, K] or [N, M, K].
        certainty: float32 [N], scores turned so that high means confident.
        judges: logits of each judge, as those of the classifier.
    """
    outputs = predictive_logits(logits)
    rival = outputs.scatter(1, label[:, None], -inf).argmax(dim=1)
    wrong = [predictive_logits(each).argmax(dim=1) != label for each in judges]
    judges_wrong = torch.stack(wrong, dim=1) if wrong else torch.zeros(len(label), 0, dtype=torch.bool)
    arrays = (label, outputs.argmax(dim=1), rival, certainty.double(), judges_wrong)
    return Seen(features, *(each.numpy() for each in arrays))


@dataclass(frozen=True)
class _Images:
    x: Tensor
    label: Tensor
    logits: Tensor


def _images_to_find_on(context: EvaluationContext, n_most: int) -> _Images:
    """Of the splits that neither confirm nor are kept for the end, those that were not learnt from first."""
    names = [name for name in ("validation", "train") if name != context.settings.split]
    assert set(names) < set(SPLITS)
    parts, left = [], n_most
    for name in names:
        data = getattr(context.data, name)
        chosen = torch.linspace(0, len(data) - 1, min(left, len(data))).long()
        parts.append((data.x[chosen], data.label[chosen], context.logits[name][chosen]))
        left -= len(chosen)
    return _Images(*(torch.cat(each) for each in zip(*parts, strict=True)))
