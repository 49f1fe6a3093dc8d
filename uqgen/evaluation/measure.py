"""All numbers of one evaluation: in against out, class agreement, fidelity, judges."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uqgen import distributed, seeding
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.sampling import DataConditions, uniform_conditions
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import unit_range
from uqgen.evaluation.bootstrap import Estimate, bootstrap
from uqgen.evaluation.features import load_features
from uqgen.evaluation.fidelity import Fidelity, compare_features, extract_features
from uqgen.evaluation.generated import Generated, generate
from uqgen.evaluation.in_vs_out import InVsOut, by_class, in_vs_out
from uqgen.evaluation.judge import Judge
from uqgen.evaluation.settings import EvaluationSettings
from uqgen.evaluation.wasserstein import sliced_wasserstein
from uqgen.gan.module import ConditionalGAN
from uqgen.scores import Score

PROTOCOLS = ("data", "uniform")
RESAMPLES_IN_TRAINING = 100


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
class Realism:
    """How near generated data are to real training data, beside real test data: the floor of each distance.

    Attributes:
        images: FID and KID of images asked as in the data; None for points.
        images_floor: the same of the real test images.
        sliced_wasserstein: of points asked as in the data; None for images.
        sliced_wasserstein_floor: the same of the real test points.
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
        real_judges: for each judge, scores the target gives real test images against those the judge gives them.
        generated: the images behind each protocol.
    """

    protocols: dict[str, ProtocolResult]
    realism: Realism
    real_judges: dict[str, InVsOut]
    generated: dict[str, Generated]


@dataclass(frozen=True)
class Evaluator:
    """Measures a GAN on a data set, against a target and its judges.

    Attributes:
        data: the data, set up.
        target, judges: classifiers, on the GAN's device.
        score: the score, fitted to the target.
        own: class and score of every real training image.
        test_logits: float32 [N, K] or [N, M, K], the target's, of the real test images.
        settings: see there.
    """

    data: InMemoryDataModule
    target: FrozenClassifier
    judges: dict[str, FrozenClassifier]
    score: Score
    own: Condition
    test_logits: Tensor
    settings: EvaluationSettings

    def measure(self, gan: ConditionalGAN) -> Measurements:
        """Generates images under both protocols and measures them."""
        return self._measure(gan, self.settings.n_images, self.settings.n_resamples)

    def measure_in_training(self, gan: ConditionalGAN) -> Measurements:
        """The same on fewer images, and with few resamples: for a curve, whose intervals nobody reads."""
        return self._measure(gan, self.settings.n_images_in_training, RESAMPLES_IN_TRAINING)

    def _measure(self, gan: ConditionalGAN, n_images: int, n_resamples: int) -> Measurements:
        generated = {name: self._generate(gan, name, n_images) for name in PROTOCOLS}
        protocols = {name: self._measure_protocol(images, n_resamples) for name, images in generated.items()}
        return Measurements(protocols, self._realism(generated["data"].x), self._real_judges, generated)

    @property
    def asked_range(self) -> tuple[float, float]:
        """The lowest and the highest score asked under the uniform protocol."""
        return self.settings.asked_range(self.score, self.own.score)

    def _generate(self, gan: ConditionalGAN, protocol: str, n: int) -> Generated:
        rng = seeding.generator(self.settings.seed, PROTOCOLS.index(protocol))
        if protocol == "data":
            asked = DataConditions(self.own).draw(n, rng)
        else:
            asked = uniform_conditions(n, self.data.n_classes, *self.asked_range, rng)
        return generate(gan, asked, self.target, self._judges, self.score, self.settings.seed)

    def _measure_protocol(self, images: Generated, n_resamples: int) -> ProtocolResult:
        asked, label = images.asked.score.numpy(), images.asked.label.numpy()
        names, settings = self.data.class_names, self._bootstrap(n_resamples)
        agrees = (predictive_logits(images.logits).argmax(dim=1).numpy() == label).astype(np.float64)
        agreement = bootstrap(lambda a: {"share": a.mean(axis=-1)}, (agrees,), n_resamples)
        return ProtocolResult(
            in_vs_out=in_vs_out(asked, images.score_out.numpy(), **settings),
            by_class=by_class(asked, images.score_out.numpy(), label, names, **settings),
            class_agreement=agreement["share"],
            judges={name: in_vs_out(asked, out.numpy(), **settings) for name, out in images.judge_scores.items()},
        )

    def _bootstrap(self, n_resamples: int) -> dict[str, Any]:
        edges = np.linspace(*self.asked_range, self.settings.n_bins + 1)
        return {"edges": edges, "n_resamples": n_resamples, "seed": self.settings.seed}

    @cached_property
    def _judges(self) -> dict[str, Judge]:
        validation = self.data.validation
        return {name: Judge.fitted(judge, self.score, validation) for name, judge in self.judges.items()}

    @cached_property
    def _real_judges(self) -> dict[str, InVsOut]:
        test, settings = self.data.test, self._bootstrap(self.settings.n_resamples)
        own = self.score(self.test_logits, test.label).numpy()
        return {
            name: in_vs_out(own, judge.score_of(test.x, test.label).numpy(), **settings)
            for name, judge in self._judges.items()
        }

    def _realism(self, fake: Tensor) -> Realism:
        if not self.data.is_image:
            ours = sliced_wasserstein(fake, self.data.train.x, seed=self.settings.seed)
            return Realism(sliced_wasserstein=ours, sliced_wasserstein_floor=self._wasserstein_floor)
        fidelity = compare_features(self._train_features, self._features(fake), self.settings.seed)
        return Realism(images=fidelity, images_floor=self._fidelity_floor)

    @cached_property
    def _wasserstein_floor(self) -> float:
        return sliced_wasserstein(self.data.test.x, self.data.train.x, seed=self.settings.seed)

    @cached_property
    def _fidelity_floor(self) -> Fidelity:
        return compare_features(self._train_features, self._features(self.data.test.x), self.settings.seed)

    @cached_property
    def _train_features(self) -> Tensor:
        return self._features(self.data.train.x)

    def _features(self, x: Tensor) -> Tensor:
        device = next(self.target.parameters()).device
        network = load_features().to(device)
        chunks = x[distributed.share(len(x))].split(5_000)
        part = [extract_features(unit_range(chunk).to(device), network) for chunk in chunks]
        return distributed.gather(torch.cat(part))
