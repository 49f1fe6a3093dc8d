"""Measures a model: both protocols, the controls, and help at sampling time."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions, uniform_conditions
from uqgen.conditioning.own_condition import own_condition
from uqgen.conditioning.second_score import SecondScores
from uqgen.evaluation.at_sampling import AtSampling, measure_at_sampling
from uqgen.evaluation.by_strength import measure_by_strength
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.controls import measure_controls
from uqgen.evaluation.generated import Generated, generate_scored
from uqgen.evaluation.manifold import Manifold, measure_manifold
from uqgen.evaluation.measurements import Measurements, SecondScore
from uqgen.evaluation.protocol import PROTOCOLS, ProtocolResult
from uqgen.evaluation.real_cells import RealCells, ScoredImages
from uqgen.evaluation.score_quality import measure_score_quality
from uqgen.evaluation.verdict import judge_generator
from uqgen.generators.model import ConditionalModel
from uqgen.metrics import DISTANCES, Sample, ScorePairs, Sides
from uqgen.metrics.disentanglement import disentanglement
from uqgen.metrics.in_vs_out import InVsOut, in_vs_out

RESAMPLES_IN_TRAINING = 100
MANIFOLD, REALISM = len(PROTOCOLS), len(PROTOCOLS) + 1  # streams of random numbers
N_POOLED_BINS = 4  # into which few images would be divided evenly


@dataclass(frozen=True)
class Evaluator(EvaluationContext):
    """Measures models in this context."""

    def measure(self, model: ConditionalModel) -> Measurements:
        """Measures images of both protocols, the controls, and help at sampling time."""
        found = self._measure(model, self.settings.split, self.settings.n_images, self.settings.n_resamples)
        real = self._realism(Sample(self.reference.features, *self.reference.scored), self.settings.n_images)
        realism = {**found.realism, **{f"{name}_floor": floor for name, floor in real.items()}}
        controls = measure_controls(self, found.generated, found.protocols)
        found = self._beside_real(model, found, self.real_cells, self.seed)
        noun, uniform = "image" if self.data.is_image else "point", found.protocols["uniform"].in_vs_out
        overlaps = cast(Manifold, found.manifold), found.appearance
        verdict = judge_generator(*overlaps, controls, uniform, self.requested_range, noun)
        found = replace(found, realism=realism, controls=controls, verdict=verdict)
        found = replace(found, real_judges=self._real_judges(), score_quality=measure_score_quality(self))
        if found.second is not None and self.second is not None:
            found = replace(found, second=replace(found.second, real_judges=self.second._real_judges()))
        few = partial(self.measure_few, model, self.settings.split, self.settings.n_by_strength)
        by_strength = measure_by_strength(model, self.settings.strengths, few)
        return replace(found, by_strength=by_strength, at_sampling=self._at_sampling(model))

    def measure_in_training(self, model: ConditionalModel) -> Measurements:
        """What is drawn as a curve, on fewer images and with few resamples, whose intervals nobody reads.

        Requests are drawn from the validation split's scores, and what is generated is compared with its images: the
        test split is left for the end. FID and KID compare with training images, whatever the split, as is usual.
        """
        return self.measure_few(model, "validation", self.settings.n_images_in_training, RESAMPLES_IN_TRAINING)

    def measure_few(
        self, model: ConditionalModel, split: str, n_images: int, n_resamples: int | None = None
    ) -> Measurements:
        """Both protocols, realism, and the overlap with real images by score alone, all classes together.

        Args:
            model: the model.
            split: whose requests, latents and real images are taken.
            n_images: generated under each protocol.
            n_resamples: of the bootstrap; None for those of the settings.
        """
        found = self._measure(model, split, n_images, n_resamples or self.settings.n_resamples)
        cells = self.pooled_cells(split, n_images // N_POOLED_BINS)
        return self._beside_real(model, found, cells, self.seed_of(split))

    def _measure(self, model: ConditionalModel, split: str, n_images: int, n_resamples: int) -> Measurements:
        start = time.perf_counter()
        generated = {name: self._generate(model, name, split, n_images) for name in PROTOCOLS}
        milliseconds = 1000 * (time.perf_counter() - start) / (len(PROTOCOLS) * n_images)
        protocols = {name: self._measure_protocol(images, n_resamples) for name, images in generated.items()}
        made = generated["data"]
        ours = self._realism(Sample(made.features, *made.scored), len(getattr(self.data, split)))
        realism = {**ours, **{f"{name}_floor": None for name in ours}}
        second = None if self.second is None else self.second._measure_as_second(generated, n_resamples)
        return Measurements(protocols, realism, generated, milliseconds, second=second)

    def _beside_real(
        self, model: ConditionalModel, found: Measurements, cells: dict[str, RealCells], seed: int
    ) -> Measurements:
        """Adds the overlaps with real images: requested as in the data, and more where they are too few."""
        made = found.generated["data"]
        parts, lacking = [made], cells["manifold"].lacking(made.scored)
        if len(lacking):
            requested = self.own._replace(probabilities=None).select(lacking)
            parts.append(generate_scored(model, requested, self.target, {}, self.score, seeding.derive(seed, MANIFOLD)))
        images = ScoredImages(*map(torch.cat, zip(*(part.scored for part in parts), strict=True)))
        score_out = torch.cat([part.score_out for part in parts])
        n_resamples = self.settings.n_resamples
        each = {name: measure_manifold(real, images, score_out, n_resamples) for name, real in cells.items()}
        return replace(found, manifold=each["manifold"], detail=each.get("detail"), texture=each.get("texture"))

    def _measure_as_second(self, generated: dict[str, Generated], n_resamples: int) -> SecondScore:
        protocols, effects = {}, {}
        for name, first in generated.items():
            second = cast(Generated, first.second)
            protocols[name] = self._measure_protocol(second, n_resamples)
            requested, achieved = (first.requested.score, second.requested.score), (first.score_out, second.score_out)
            effects[name] = disentanglement(requested, achieved, first.requested.label, n_resamples, self.settings.seed)
        return SecondScore(self.score.name, protocols, effects)

    def _generate(self, model: ConditionalModel, protocol: str, split: str, n: int) -> Generated:
        requested, seed = self._ask(protocol, split, n), self.seed_of(split)
        made = generate_scored(model, requested, self.target, self.fitted_judges, self.score, seed)
        return replace(made, network=self.features)

    def _at_sampling(self, model: ConditionalModel) -> dict[str, AtSampling]:
        requested, n_classes = (
            self._ask("uniform", self.settings.split, self.settings.n_at_sampling),
            self.data.n_classes,
        )
        classifiers, requested_range = (self.target, self.fitted_judges, self.score), self.requested_range
        with model.guided_by(None):
            return measure_at_sampling(
                model, requested, *classifiers, n_classes, requested_range, self.settings, self.seed
            )

    def _ask(self, protocol: str, split: str, n: int) -> Condition:
        """Requests as a user makes them, without probabilities: those of the split's images, or uniform ones."""
        rng = seeding.generator(self.seed_of(split), PROTOCOLS.index(protocol))
        if protocol == "data":
            own = own_condition(self.logits[split], getattr(self.data, split).label, self.score)
            return DataConditions(own._replace(probabilities=None)).draw(n, rng)
        n_classes = self.data.n_classes
        requested = uniform_conditions(n, n_classes, *self.requested_range, rng)
        return requested if self.own.second is None else SecondScores(n_classes, self.own).draw_uniform(requested, rng)

    def _measure_protocol(self, made: Generated, n_resamples: int) -> ProtocolResult:
        scores, label = (made.requested.score, made.score_out, made.judge_scores), made.requested.label
        settings = self.bootstrap_settings(n_resamples)
        return ProtocolResult.of(ScorePairs(*scores, label, made.logits, self.data.class_names, **settings))

    def _real_judges(self) -> dict[str, InVsOut]:
        own, settings = self.reference.score.numpy(), self.bootstrap_settings(self.settings.n_resamples)
        return {name: in_vs_out(own, out.numpy(), **settings) for name, out in self.reference.judge_scores.items()}

    def _realism(self, ours: Sample, n: int) -> dict[str, Any]:
        """Distances of at most n images: they fall with the number of images, so that of a floor has to be the same."""
        if len(ours.x) > n:
            drawn = torch.randperm(len(ours.x), generator=seeding.generator(self.settings.seed, REALISM))[:n]
            ours = Sample(*(part[drawn] for part in ours))
        train = Sample(self.real["train"].features, *self.real["train"].scored)
        sides = Sides(ours, train, self.data.is_image, self.settings.seed)
        return {name: measured(sides) for name, measured in DISTANCES.items()}
