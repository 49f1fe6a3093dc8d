"""An experiment as objects: what is put together, and how its parts come to be."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, cast

import torch
from filelock import FileLock
from lightning import Callback, seed_everything
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn

from uqgen import distributed
from uqgen.checks import check_kinds, check_sizes
from uqgen.classifier_roles import ClassifierRoles, Classifiers
from uqgen.classifiers.source import ClassifierSource
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.drawn_conditions import DataConditions
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.kinds import KindEncoding
from uqgen.conditioning.own_condition import own_condition
from uqgen.conditioning.scored_datamodule import ScoredDataModule
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.enforcement.enforcement import Enforcement
from uqgen.evaluation.evaluation_settings import DEFAULT_FEATURES, EvaluationSettings
from uqgen.evaluation.feature_training import obtain_features
from uqgen.evaluation.features import load_features
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.public_features import load_public_features
from uqgen.fingerprint import Fingerprint
from uqgen.fitting.evaluation import Evaluation
from uqgen.fitting.fit import Intervals, fit
from uqgen.fitting.samples import SampleGrid
from uqgen.generators.model import ConditionalModel
from uqgen.generators.recipe import ModelContext, ModelRecipe
from uqgen.guidance.guidance_settings import GuidanceSettings
from uqgen.hardware import Hardware
from uqgen.report.shown_classes import most_uncertain
from uqgen.run_folder import RunFolder
from uqgen.scores import Score
from uqgen.settings import SettingError, naming, require
from uqgen.tensor_files import save_tensors

log = logging.getLogger(__name__)

NARROW = 0.1  # part of a score's range: what is requested within less hardly differs
N_SAMPLE_COLUMNS = 8  # scores in the grid that is drawn during the training


@dataclass(frozen=True)
class Experiment:
    """The parts of an experiment; building them checks every setting, before any work.

    Attributes:
        name: of the experiment.
        data: the data module.
        classifier, judge: how the target and the judges are trained, or where they come from.
        identities: plain values that determine the data and the classifiers, for "data", "classifier" and "judge".
        score: the score, before it is fitted to a classifier.
        encoding: (number of classes, class and score of every training image) to an encoding.
        sampler: (own conditions, images that are judged together) to what draws images and requests.
        enforcement: what makes the generator keep to the condition, before its context is known.
        guidance: what guides a trained model while it generates.
        model: how the generative model comes to be.
        intervals, evaluation, hardware: the settings of each.
        callbacks, loggers: Lightning's, of the training of the model, beside those that every run has.
        cache: folder of what is shared by all runs.
        allow_changed: goes on with data or classifiers that changed since a run was started.
        seconds: how long each stage took, filled as the experiment goes.
    """

    name: str
    data: InMemoryDataModule
    classifier: ClassifierSource
    judge: ClassifierSource
    identities: dict[str, dict[str, Any]]
    score: Score
    encoding: Callable[[int, Condition], Encoding]
    sampler: Callable[..., DataConditions]
    enforcement: "partial[Enforcement]"
    guidance: GuidanceSettings
    model: ModelRecipe
    intervals: Intervals
    evaluation: EvaluationSettings
    hardware: Hardware
    callbacks: list[Callback]
    loggers: list[Logger]
    cache: Path
    allow_changed: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def roles(self) -> ClassifierRoles:
        """Target, judges and surrogates."""
        kind = cast(type[Enforcement], self.enforcement.func)
        with naming("enforcement"):
            n_enforcing = kind.surrogates_needed(**self.enforcement.keywords)
        sources = self.data, self.classifier, self.judge, self.identities, self.score, self.evaluation
        n_surrogates = n_enforcing, self.guidance.n_surrogates
        return ClassifierRoles(*sources, *n_surrogates, self.hardware, self.cache, self.allow_changed)

    def load_data(self, run: RunFolder | None = None) -> None:
        """Puts the data in memory, fetching them first where they are not there.

        Args:
            run: whose data they are, or are to be; None for data alone.

        Raises:
            SettingError: they are too few, or others than the run was started with.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        with FileLock(self.cache / "data.lock"):  # jobs that start at once
            self.data.prepare_data()
        try:
            self.data.setup()
        except SettingError as error:
            raise error.under("data") from None
        check_sizes(self.data, self.model.training.batch_size, self.evaluation.split)
        check_kinds(self.data, self.model.kinds)
        if run is not None:
            fingerprint = Fingerprint(run, self.allow_changed)
            fingerprint.compare_data(self.data)
            if not run.data_fingerprint.exists() and not run.checkpoint.exists() and distributed.rank() == 0:
                fingerprint.keep_data(self.data)

    def obtain_features(self, run: RunFolder) -> nn.Module | None:
        """What images are compared in, None for points: a public network, or one of our own, found or trained.

        Of the network trained for these data a copy is left in the run's folder.

        Raises:
            SettingError: the weights of a public network cannot be had.
        """
        if not self.data.is_image:
            return None
        if self.evaluation.features != DEFAULT_FEATURES:
            try:
                network = load_public_features(self.evaluation.features, self.evaluation.weights)
            except SettingError as error:
                raise error.under("evaluation") from None
            return network.to(self.hardware.device())
        path = self.data.feature_weights
        if path is None:
            path = run.features
            with distributed.main_first():
                if not path.exists():
                    self._train_features(path)
        return load_features(path, self.data.shape, self.data.n_classes).to(self.hardware.device())

    def build_model(self, own: Condition, classifiers: Classifiers) -> ConditionalModel:
        """The generative model before its training.

        Args:
            own: class, score and probabilities of every training image.
            classifiers: the target and its score, for the guidance to the condition.
        """
        encoding = self._encoding(own)
        real = own if encoding.uses_probabilities else own._replace(probabilities=None)
        with isolate_rng():
            seed_everything(self.model.training.seed, verbose=False)
            given = ModelContext(
                self.data.shape,
                encoding,
                real,
                self.enforcement,
                classifiers.target,
                classifiers.surrogates,
                classifiers.score,
            )
            model = self.model.build(given)
        require(self.data.is_image or not self._has_kinds, "model.kinds", self.model.kinds, "none for points")
        if self.guidance.strength > 0:
            model.guidance = self.guidance.build(
                classifiers.target, classifiers.surrogates, classifiers.score, own.score
            )
        return model

    def _encoding(self, own: Condition) -> Encoding:
        """With kinds where there are any; where no score is requested, they would tell of it."""
        encoding = self.encoding(self.data.n_classes, own)
        if not self._has_kinds or encoding.real is None or not self.data.is_image:
            return encoding
        images = self.data.train.x if hasattr(self.data, "train") else None  # settings are tried before data are read
        with naming("model"):
            return KindEncoding(encoding, self.model.kinds, images=images)

    @property
    def _has_kinds(self) -> bool:
        kinds = self.model.kinds
        require(isinstance(kinds, Mapping), "model.kinds", kinds, "the number of kinds by texture and by shape")
        return any(kinds.values())

    def own_conditions(self, classifiers: Classifiers) -> Condition:
        """Class, score, probabilities and, where there is one, second score of every real training image."""
        return own_condition(classifiers.logits["train"], self.data.train.label, classifiers.score)

    def scored_data(self, classifiers: Classifiers, group: int) -> ScoredDataModule:
        """What the model is trained on.

        Args:
            classifiers: the target and what it says of real images.
            group: images that the model judges together.
        """
        settings = self.model.training
        given = (self.data, classifiers.target, classifiers.score, self.sampler, settings.batch_size, group)
        with naming("model.training"):
            return ScoredDataModule(*given, settings.seed, logits=classifiers.logits)

    def train_model(
        self, model: ConditionalModel, classifiers: Classifiers, evaluator: Evaluator, run: RunFolder
    ) -> None:
        """Trains the model, or goes on from its checkpoint."""
        with naming("model"):
            model.encoding.fit(self.data.train.x)
        every = self.intervals.evaluate_every
        callbacks = [*self.callbacks, Evaluation(evaluator, every, run.evaluations)]
        if self.data.is_image:
            scores = torch.linspace(*evaluator.ends, N_SAMPLE_COLUMNS).tolist()
            classes = most_uncertain(self.data.class_names, evaluator.own, self.score.high_means)
            every, seed = self.intervals.samples_every, self.evaluation.seed
            callbacks.append(SampleGrid(run.samples, classes, scores, self.score.name, every, seed))
        data = self.scored_data(classifiers, model.group)
        fit(model, data, self.hardware, self.intervals, run.training, self.loggers, callbacks)

    def evaluator(self, classifiers: Classifiers, own: Condition, features: nn.Module | None) -> Evaluator:
        """What measures the model, on the device where it is to be."""
        device = self.hardware.device()
        judges = {name: judge.to(device) for name, judge in classifiers.judges.items()}
        target = classifiers.target.to(device)
        found = classifiers.score, own, classifiers.logits
        return Evaluator(self.data, target, judges, *found, self.evaluation, features)

    def tell_range(self, evaluator: Evaluator) -> None:
        """Says which scores are requested uniformly, and warns where the classifier is about as sure of every image."""
        (low, high), (least, most) = evaluator.requested_range, self.score.range(self.data.n_classes)
        log.info("requested uniformly: %s from %.3g to %.3g", self.score.name, low, high)
        if high - low < NARROW * (most - least) < inf:
            log.warning("that is narrow: on images that the classifier has not seen, or poor ones, it would doubt more")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Says what is being done, and keeps how long it took."""
        log.info("%s ...", name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)

    def _train_features(self, copy: Path) -> None:
        with self.stage("features"):
            network = obtain_features(self.data, self.roles.data_identity, self.cache / "features", self.hardware)
        save_tensors({"state_dict": network.state_dict()}, copy)
