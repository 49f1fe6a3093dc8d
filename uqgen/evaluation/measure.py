"""All numbers of one evaluation: in against out, class agreement, fidelity, judges, controls."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.sampling import DataConditions, uniform_conditions
from uqgen.conditioning.second_score import SecondScores
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.low_pass import LowPass
from uqgen.evaluation.at_sampling import AtSampling, measure_at_sampling
from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.by_strength import AtStrength, measure_by_strength
from uqgen.evaluation.class_agreement import class_agreement
from uqgen.evaluation.controls import Controls, measure_controls
from uqgen.evaluation.fidelity import Fidelity, compare_features
from uqgen.evaluation.generated import Generated, generate
from uqgen.evaluation.in_vs_out import InVsOut, by_class, in_vs_out
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.knobs import Knobs, knobs
from uqgen.evaluation.manifold import Manifold, RealCells, ScoredImages, measure_manifold
from uqgen.evaluation.real import RealImages, features_of
from uqgen.evaluation.score_bins import score_bins
from uqgen.evaluation.settings import OWN, REFERENCES, EvaluationSettings
from uqgen.evaluation.verdict import Verdict, judge_generator
from uqgen.evaluation.wasserstein import sliced_wasserstein
from uqgen.generators.model import ConditionalModel
from uqgen.scores import Score

PROTOCOLS = ("data", "uniform")
RESAMPLES_IN_TRAINING = 100
MANIFOLD = len(PROTOCOLS)  # a stream of random numbers
N_POOLED_BINS = 4  # into which few images would be divided evenly


@dataclass(frozen=True)
class ProtocolResult:
    """What was measured under one way of asking.

    Attributes:
        in_vs_out: asked scores against those obtained from the target.
        by_class: the same for each class asked.
        class_agreement: share of images whose most probable class, to the target, is the one asked.
        judges: for each judge, asked scores against those obtained from the judge.
    """

    in_vs_out: InVsOut
    by_class: dict[str, InVsOut]
    class_agreement: Estimate
    judges: dict[str, InVsOut]


@dataclass(frozen=True)
class SecondScore:
    """What was measured of a second score.

    Attributes:
        name: of the score.
        protocols, real_judges: see `Measurements`.
        knobs: for each protocol, whether the first score and this one follow each what is asked of it alone.
    """

    name: str
    protocols: dict[str, ProtocolResult]
    knobs: dict[str, Knobs]
    real_judges: dict[str, InVsOut] = field(default_factory=dict)


@dataclass(frozen=True)
class Realism:
    """How near generated data are to real training data, beside other real data: the floor of each distance.

    Attributes:
        images: FID and KID of images asked as in the data; None for points.
        images_floor: the same of other real images; None in training.
        sliced_wasserstein: of points asked as in the data; None for images.
        sliced_wasserstein_floor: the same of other real points; None in training.
    """

    images: Fidelity | None = None
    images_floor: Fidelity | None = None
    sliced_wasserstein: float | None = None
    sliced_wasserstein_floor: float | None = None


@dataclass(frozen=True)
class Measurements:
    """One evaluation.

    Attributes:
        protocols: for "data" (asked as in the data) and "uniform" (asked uniformly over the reachable range).
        realism: see there.
        generated: the images behind each protocol.
        milliseconds: to make one of them, on this machine.
        real_judges: for each judge, scores the target gives real images, as they are in the data, against those the
            judge gives them; none in training.
        manifold: generated beside real images by class and score; in training by score alone, beside validation
            images.
        controls: see there; None in training.
        verdict: what is wrong with the generator; None in training.
        by_strength: the model alone and under several strengths of guidance, by strength; none in training.
        at_sampling: what help without a gradient brings to the model alone (uniform protocol); none in training.
        second: of the second score; None where there is none.
    """

    protocols: dict[str, ProtocolResult]
    realism: Realism
    generated: dict[str, Generated]
    milliseconds: float = float("nan")
    manifold: Manifold | None = None
    real_judges: dict[str, InVsOut] = field(default_factory=dict)
    controls: Controls | None = None
    verdict: Verdict | None = None
    by_strength: tuple[AtStrength, ...] = ()
    at_sampling: dict[str, AtSampling] = field(default_factory=dict)
    second: SecondScore | None = None


@dataclass(frozen=True)
class Evaluator:
    """Measures a model on a data set, against a target and its judges.

    Attributes:
        data: the data, set up.
        target, judges: classifiers, on the model's device.
        score: the score, fitted to the target.
        own: class and score, or scores, of every real training image.
        logits: for each split, float32 [N, K] or [N, M, K], the target's.
        settings: see there.
        features: what images are compared in, on the model's device; None for points.
    """

    data: InMemoryDataModule
    target: FrozenClassifier
    judges: dict[str, FrozenClassifier]
    score: Score
    own: Condition
    logits: dict[str, Tensor]
    settings: EvaluationSettings
    features: nn.Module | None = None
    _pooled: dict[tuple[str, int], RealCells] = field(default_factory=dict, init=False, repr=False)

    def measure(self, model: ConditionalModel) -> Measurements:
        """Measures images of both protocols, the controls, and help at sampling time."""
        found = self._measure(model, self.seed, self.settings.n_images, self.settings.n_resamples)
        ours, floor = found.realism, self._realism(self.reference.features)
        realism = replace(ours, images_floor=floor.images, sliced_wasserstein_floor=floor.sliced_wasserstein)
        controls = measure_controls(self, found.generated, found.protocols)
        manifold = self._manifold(model, found.generated["data"], self.real_cells, self.seed)
        noun, uniform = "image" if self.data.is_image else "point", found.protocols["uniform"].in_vs_out
        verdict = judge_generator(manifold, controls, uniform, self.asked_range, noun)
        found = replace(found, realism=realism, manifold=manifold, controls=controls, verdict=verdict)
        found = replace(found, real_judges=self._real_judges())
        if found.second is not None and self.second is not None:
            found = replace(found, second=replace(found.second, real_judges=self.second._real_judges()))
        by_strength = measure_by_strength(self, model)
        return replace(found, by_strength=by_strength, at_sampling=self._at_sampling(model))

    def measure_in_training(self, model: ConditionalModel) -> Measurements:
        """What is drawn as a curve, on fewer images and with few resamples, whose intervals nobody reads.

        What is asked, and of which latents, is as for the validation split: the test split's are left for the end.
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
        seed = self._seed_of(split)
        found = self._measure(model, seed, n_images, n_resamples or self.settings.n_resamples)
        cells = self._pooled_cells(split, n_images // N_POOLED_BINS)
        return replace(found, manifold=self._manifold(model, found.generated["data"], cells, seed))

    @property
    def asked_range(self) -> tuple[float, float]:
        """The lowest and the highest score asked under the uniform protocol."""
        return self.settings.asked_range(self.score, self.own.score)

    @cached_property
    def second(self) -> "Evaluator | None":
        """The same with the second score as the only one; None where there is none."""
        return None if self.score.second is None else replace(self, score=self.score.second, own=self.own.of_second())

    @cached_property
    def real(self) -> dict[str, RealImages]:
        """The real images of each split."""
        return {
            split: RealImages(getattr(self.data, split), logits, self._judges, self.score, self.features)
            for split, logits in self.logits.items()
        }

    @cached_property
    def real_cells(self) -> RealCells:
        """The real images of each class and bin of scores."""
        names, n_most = self.data.class_names, self.settings.n_manifold
        return self._cells(self.settings.split, names, n_most, self.seed)

    def _pooled_cells(self, split: str, n_most: int) -> RealCells:
        """The same for few images: of all classes together."""
        if (split, n_most) not in self._pooled:
            self._pooled[split, n_most] = self._cells(split, ["all"], n_most, self._seed_of(split))
        return self._pooled[split, n_most]

    @property
    def reference(self) -> RealImages:
        """The real images that generated ones are held against."""
        return self.real[self.settings.split]

    @property
    def seed(self) -> int:
        """Draws conditions and latents, others for each split."""
        return self._seed_of(self.settings.split)

    def bootstrap_settings(self, n_resamples: int) -> dict[str, Any]:
        """What `in_vs_out` needs to know besides the scores."""
        edges = np.linspace(*self.asked_range, self.settings.n_bins + 1)
        return {"edges": edges, "n_resamples": n_resamples, "seed": self.settings.seed}

    def _seed_of(self, split: str) -> int:
        return seeding.derive(self.settings.seed, REFERENCES.index(split))

    def _measure(self, model: ConditionalModel, seed: int, n_images: int, n_resamples: int) -> Measurements:
        start = time.perf_counter()
        generated = {name: self._generate(model, name, seed, n_images) for name in PROTOCOLS}
        milliseconds = 1000 * (time.perf_counter() - start) / (len(PROTOCOLS) * n_images)
        protocols = {name: self._measure_protocol(images, n_resamples) for name, images in generated.items()}
        realism = self._realism(features_of(generated["data"].x, self.features))
        second = None if self.second is None else self.second._measure_as_second(generated, n_resamples)
        return Measurements(protocols, realism, generated, milliseconds, second=second)

    def _cells(self, split: str, class_names: Sequence[str], n_most: int, seed: int) -> RealCells:
        bins = score_bins(self.score, self.asked_range, self.own.score)
        features = partial(features_of, network=self._compared_in)
        return RealCells.of(
            self.real["train"].scored, self.real[split].scored, bins, class_names, features, n_most, seed
        )

    @property
    def _compared_in(self) -> nn.Module | None:
        """What images are compared in by class and score; None for points."""
        is_own = self.data.is_image and self.settings.features == OWN
        return LowPass() if is_own else self.features

    def _manifold(self, model: ConditionalModel, made: Generated, cells: RealCells, seed: int) -> Manifold:
        """Of images requested as in the data, and of more where they are too few."""
        parts, lacking = [made], cells.lacking(made.scored)
        if len(lacking):
            asked = self.own._replace(probabilities=None).select(lacking)
            parts.append(generate(model, asked, self.target, {}, self.score, seeding.derive(seed, MANIFOLD)))
        images = ScoredImages(*map(torch.cat, zip(*(part.scored for part in parts), strict=True)))
        score_out = torch.cat([part.score_out for part in parts])
        return measure_manifold(cells, images, score_out, self.settings.n_resamples)

    def _measure_as_second(self, generated: dict[str, Generated], n_resamples: int) -> SecondScore:
        protocols, effects = {}, {}
        for name, first in generated.items():
            second = cast(Generated, first.second)
            protocols[name] = self._measure_protocol(second, n_resamples)
            asked, obtained = (first.asked.score, second.asked.score), (first.score_out, second.score_out)
            effects[name] = knobs(asked, obtained, first.asked.label, n_resamples, self.settings.seed)
        return SecondScore(self.score.name, protocols, effects)

    def _generate(self, model: ConditionalModel, protocol: str, seed: int, n: int) -> Generated:
        return generate(model, self._ask(protocol, seed, n), self.target, self._judges, self.score, seed)

    def _at_sampling(self, model: ConditionalModel) -> dict[str, AtSampling]:
        asked, n_classes = self._ask("uniform", self.seed, self.settings.n_at_sampling), self.data.n_classes
        classifiers, asked_range = (self.target, self._judges, self.score), self.asked_range
        with model.guided_by(None):
            return measure_at_sampling(model, asked, *classifiers, n_classes, asked_range, self.settings, self.seed)

    def _ask(self, protocol: str, seed: int, n: int) -> Condition:
        rng = seeding.generator(seed, PROTOCOLS.index(protocol))
        if protocol == "data":
            return DataConditions(self.own._replace(probabilities=None)).draw(n, rng)  # as a user asks
        n_classes = self.data.n_classes
        asked = uniform_conditions(n, n_classes, *self.asked_range, rng)
        return asked if self.own.second is None else SecondScores(n_classes, self.own).draw_uniform(asked, rng)

    def _measure_protocol(self, images: Generated, n_resamples: int) -> ProtocolResult:
        asked, label = images.asked.score.numpy(), images.asked.label
        names, settings = self.data.class_names, self.bootstrap_settings(n_resamples)
        return ProtocolResult(
            in_vs_out=in_vs_out(asked, images.score_out.numpy(), **settings),
            by_class=by_class(asked, images.score_out.numpy(), label.numpy(), names, **settings),
            class_agreement=class_agreement(images.logits, label, n_resamples),
            judges={name: in_vs_out(asked, out.numpy(), **settings) for name, out in images.judge_scores.items()},
        )

    def _real_judges(self) -> dict[str, InVsOut]:
        own, settings = self.reference.score.numpy(), self.bootstrap_settings(self.settings.n_resamples)
        return {name: in_vs_out(own, out.numpy(), **settings) for name, out in self.reference.judge_scores.items()}

    @cached_property
    def _judges(self) -> dict[str, Judge]:
        validation = self.data.validation
        return {name: Judge.fitted(judge, self.score, validation) for name, judge in self.judges.items()}

    def _realism(self, features: Tensor) -> Realism:
        train, seed = self.real["train"].features, self.settings.seed
        if self.data.is_image:
            return Realism(images=compare_features(train, features, seed))
        return Realism(sliced_wasserstein=sliced_wasserstein(features, train, seed=seed))
