"""Everything that explains one run's classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from uqgen import seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.analysis import Analysis, analyse
from uqgen.explanation.discovery.discovery import Discovery, discover_in
from uqgen.explanation.discovery.own_discovery import OwnDiscovery, discover_own
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.gallery import Gallery, make_galleries
from uqgen.explanation.own_weakness import furthest_behind, lead_over_judges
from uqgen.explanation.score_sweep import ScoreSweep, sweep_scores
from uqgen.explanation.second_choices import SecondChoices, second_choices
from uqgen.explanation.slices import Slices, find_slices
from uqgen.generators.model import ConditionalModel

N_FRAMES, N_ANIMATED = 31, 3  # scores and noises of the animation


@dataclass(frozen=True)
class Explanation:
    """What explains a classifier.

    Attributes:
        sweep: the images that are measured.
        animated: a sweep in smaller steps, of few noises and of those classes alone that are shown.
        analysis: what attributes explain.
        galleries: from the most certain score to the least.
        second_choices: at the same scores.
        discovery: attributes without a name beforehand; None where none was wanted, or the model has nothing to change.
        own: the same, by which the classifier and its judges come apart; None without judges, too.
        slices: found on the galleries' candidates and on real images.
    """

    sweep: ScoreSweep
    animated: ScoreSweep
    analysis: Analysis
    galleries: list[Gallery]
    second_choices: list[SecondChoices]
    discovery: Discovery | None
    own: OwnDiscovery | None
    slices: Slices

    def results(self) -> dict[str, Any]:
        """What is written as numbers."""
        achieved = self.sweep.score_out.double()
        return {
            "sweep": {"scores": self.sweep.scores, "achieved": achieved.mean(dim=(0, 1)).tolist()},
            "attributes": self.analysis,
            "near_duplicates": [
                {"score": gallery.score, "duplicates": gallery.duplicates} for gallery in self.galleries
            ],
            "second_choices": self.second_choices,
            "discovered": None if self.discovery is None else self.discovery.results(),
            "discovered_own": None if self.own is None else self.own.results(),
            "slices": {
                "found": [facts.results() for facts in self.slices.facts],
                "split": self.slices.split,
                "n_found_on": self.slices.n_found_on,
            },
        }


def explain_classifier(
    model: ConditionalModel, context: EvaluationContext, settings: ExplanationSettings, shown: Sequence[int]
) -> Explanation:
    """Sweeps scores, measures attributes, makes galleries, discovers attributes, and finds slices.

    Args:
        model: a trained model of images.
        context: the classifier, and the real images.
        settings: sizes and seed.
        shown: the classes that are animated; all are measured.
    """
    score, (low, high) = context.score, context.requested_range
    certain, uncertain = context.ends
    of_sweep, every = (model, context.target, score), range(context.data.n_classes)
    steps, frames = (_steps(certain, uncertain, n) for n in (settings.n_scores, N_FRAMES))
    sweep = sweep_scores(*of_sweep, every, steps, settings.n_noises, settings.seed)
    animated = sweep_scores(*of_sweep, shown, frames, N_ANIMATED, settings.seed)
    real = context.reference
    real_score = real.score.double().numpy()
    of_judges = list(real.judge_logits.values())
    lead = lead_over_judges(real.logits, of_judges, real.data.label) if of_judges else None
    analysis = analyse(sweep, real.data, real_score, lead, context.data.class_names, (low, high), settings)
    levels = _steps(certain, uncertain, settings.n_galleries + 1)[1:]
    galleries = make_galleries(model, context, levels, settings.n_candidates, settings.n_shown, settings.seed)
    choices = _second_choices(context, galleries, settings.seed)
    discovery = discover_in(model, context, settings)
    behind = None if lead is None else furthest_behind(lead, real.data.label)
    own = None if behind is None else discover_own(model, context, behind, settings)
    slices = find_slices(context, [gallery.generated for gallery in galleries], settings)
    return Explanation(sweep, animated, analysis, galleries, choices, discovery, own, slices)


def _second_choices(context: EvaluationContext, galleries: list[Gallery], seed: int) -> list[SecondChoices]:
    """At the galleries' scores, of images whose achieved score is no farther than half of the way to the next."""
    real = context.reference
    said_of_real = (predictive_logits(real.logits).softmax(dim=1), real.score)
    probabilities = torch.cat([gallery.probabilities for gallery in galleries])
    said_of_generated = (probabilities, torch.cat([gallery.generated.score_out for gallery in galleries]))
    low, high = context.requested_range
    half = (high - low) / len(galleries) / 2
    return [
        second_choices(
            gallery.score,
            (gallery.score - half, gallery.score + half),
            said_of_generated,
            said_of_real,
            seeding.generator(seed, number),
        )
        for number, gallery in enumerate(galleries)
    ]


def _steps(first: float, last: float, n: int) -> tuple[float, ...]:
    return tuple(np.linspace(first, last, n).tolist())
