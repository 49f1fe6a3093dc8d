"""An experiment as objects: what is put together, and how its parts come to be."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, cast

import torch
from filelock import FileLock
from lightning import Callback, seed_everything
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn

from uqgen import distributed
from uqgen.checks import check_outputs, check_scores, check_sizes
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import accuracy, predict_splits
from uqgen.classifiers.recipe import ClassifierRecipe, identity_hash
from uqgen.classifiers.source import ClassifierSource
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.encoding import Encoding
from uqgen.conditioning.own_condition import own_condition
from uqgen.conditioning.sampling import DataConditions
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.scored_datamodule import ScoredDataModule
from uqgen.enforcement.enforcement import Enforcement
from uqgen.evaluation.feature_training import obtain_features
from uqgen.evaluation.features import load_features
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.public_features import load_public_features
from uqgen.evaluation.settings import OWN, EvaluationSettings
from uqgen.fingerprint import Fingerprint
from uqgen.generators.callbacks.evaluation import Evaluation
from uqgen.generators.callbacks.samples import SampleGrid
from uqgen.generators.fit import Intervals, fit
from uqgen.generators.model import ConditionalModel
from uqgen.generators.recipe import ModelContext, ModelRecipe
from uqgen.guidance.settings import GuidanceSettings
from uqgen.hardware import Hardware
from uqgen.report.shown_classes import most_uncertain
from uqgen.run_folder import RunFolder
from uqgen.scores import Score
from uqgen.settings import SettingError, naming, require
from uqgen.tensor_files import save_tensors

log = logging.getLogger(__name__)

FIRST_SURROGATE = 1_000  # repetition of the target's training, beyond those of judges
BARELY = 0.1  # more than chance, a classifier's accuracy that is likely a mistake in its settings
NARROW = 0.1  # part of a score's range: what is requested within less hardly differs
N_SAMPLE_COLUMNS = 8  # scores in the grid that is drawn during the training


@dataclass(frozen=True)
class Classifiers:
    """The classifiers of an experiment, and what the target says of every real image.

    Attributes:
        target: the classifier being explained.
        judges: classifiers that take no part in the training, by name.
        surrogates: classifiers like the target that may take part in the training of the model.
        logits: for each split, float32 [N, K], or [N, M, K] of an ensemble, the target's.
        score: the experiment's score, fitted to the target.
    """

    target: FrozenClassifier
    judges: dict[str, FrozenClassifier]
    surrogates: tuple[FrozenClassifier, ...]
    logits: dict[str, Tensor]
    score: Score


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
        guidance: what leads a trained model while it generates.
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
    def n_surrogates(self) -> int:
        """Classifiers like the target that the enforcement needs."""
        kind = cast(type[Enforcement], self.enforcement.func)
        return kind.surrogates_needed(**self.enforcement.keywords)

    def check_classifiers(self) -> None:
        """Refuses classifiers that the score can make nothing of, too few, and judges that are networks of the target.

        Raises:
            SettingError: they are such.
        """
        self.score.check_members("classifier", self.classifier.members)
        numbers = range(1, self.evaluation.n_judges + 1)
        if numbers:
            self.score.check_members("classifier@judge", self.judge.members, ", or evaluation.n_judges=0")
        lone = "of your own, of which there is one"
        enough = self.n_surrogates == 0 or bool(self.classifier.seeds())
        require(enough, "enforcement.n_surrogates", self.n_surrogates, f"0 with a classifier {lone}")
        enough = self.guidance.n_surrogates == 0 or bool(self.classifier.seeds())
        require(enough, "guidance.n_surrogates", self.guidance.n_surrogates, f"0 with a classifier {lone}")
        enough = self.evaluation.n_judges < 2 or bool(self.judge.seeds())
        require(enough, "evaluation.n_judges", self.evaluation.n_judges, f"0 or 1 with a judge {lone}")
        judges = [seed for number in numbers for seed in self.judge.repeated(number).seeds()]
        surrogates = [seed for number in self._surrogates() for seed in self._surrogate(number).seeds()]
        taking_part = [*self.classifier.seeds(), *surrogates]
        if self._networks("classifier", taking_part) & self._networks("judge", judges):
            allowed = "a seed with which no judge is a network of the target or of a surrogate"
            raise SettingError("judge.training.seed", self.judge.seeds()[0], allowed)

    def adapted(self, classifier: FrozenClassifier, kind: str, train: Tensor | None = None) -> FrozenClassifier:
        """A classifier as the score needs it; see `Score.adapted`.

        Args:
            classifier: the target, a sibling or a judge.
            kind: its settings, "classifier" or "judge".
            train: training images; None only tries whether it can be adapted.

        Raises:
            SettingError: it cannot.
        """
        try:
            return self.score.adapted(classifier, self.data.shape, train)
        except SettingError as error:
            raise error.under("score" if error.name in self.score.settings else kind) from None

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
        if run is not None:
            fingerprint = Fingerprint(run, self.allow_changed)
            fingerprint.compare_data(self.data)
            if not run.data_fingerprint.exists() and not run.checkpoint.exists() and distributed.rank() == 0:
                fingerprint.keep_data(self.data)
        check_sizes(self.data, self.model.training.batch_size, self.evaluation.split)

    def obtain_classifiers(self, run: RunFolder) -> Classifiers:
        """Trains or finds the target and the judges, and leaves a copy of each in the run's folder.

        Raises:
            SettingError: a file is missing or does not fit, a judge has the weights of what it is to judge, a
                classifier has others than the run was started with, or a model can learn nothing from what the target
                says.
        """
        device, judges = self.hardware.device(), {}
        target = self._obtain(self.classifier, "classifier", run.classifiers / "target.pt").to(device)
        if distributed.rank() == 0:  # before judges are trained for minutes; the others hear of it when this one ends
            self._check_target(self._logits(target))
        for number in range(1, self.evaluation.n_judges + 1):
            recipe, copy = self.judge.repeated(number), run.classifiers / f"judge-{number}.pt"
            judges[f"judge {number}"] = self._obtain(recipe, "judge", copy)
        if judges and not self.judge.seeds():  # nothing has shown that one's own suits the images
            split, judge = self.evaluation.split, judges["judge 1"].to(device)
            check_outputs(judge.predict(getattr(self.data, split).x), split, self.data, "judge")
        surrogates = [
            self._obtain(self._surrogate(number), "classifier", run.surrogate(number)) for number in self._surrogates()
        ]
        self._refuse_shared_weights(target, judges, surrogates)
        self._compare_with(run, {"target": target, **judges, **_named(surrogates)})
        distributed.join()
        surrogates = [surrogate.to(device) for surrogate in surrogates]
        logits = self._logits(target)
        found = accuracy(logits["validation"], self.data.validation.label)
        log.info("the classifier is right on %.1f %% of the validation images", 100 * found)
        if not self.classifier.seeds() and found < 1 / self.data.n_classes + BARELY:
            log.warning("that is hardly more than chance: data.class_names, classifier.mean and std may be other ones")
        score = self.score.fitted(logits["validation"], self.data.validation.label)
        return Classifiers(target, judges, tuple(surrogates), logits, score)

    def obtain_features(self, run: RunFolder) -> nn.Module | None:
        """What images are compared in, None for points: a public network, or one of our own, found or trained.

        Of the network trained for these data a copy is left in the run's folder.

        Raises:
            SettingError: the weights of a public network cannot be had.
        """
        if not self.data.is_image:
            return None
        if self.evaluation.features != OWN:
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
            classifiers: the target and its score, for what leads the model to the condition.
        """
        encoding = self.encoding(self.data.n_classes, own)
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
        if self.guidance.strength > 0:
            model.guidance = self.guidance.build(
                classifiers.target, classifiers.surrogates, classifiers.score, own.score
            )
        return model

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

    def _surrogates(self) -> range:
        """The numbers of the surrogates that are needed."""
        return range(1, max(self.n_surrogates, self.guidance.n_surrogates) + 1)

    def _surrogate(self, number: int) -> ClassifierSource:
        recipe = self.classifier.repeated(FIRST_SURROGATE + number)
        if isinstance(recipe, ClassifierRecipe):
            recipe = replace(recipe, checkpoint=None)  # which is the target's
        return recipe

    def _refuse_shared_weights(
        self, target: FrozenClassifier, judges: dict[str, FrozenClassifier], surrogates: list[FrozenClassifier]
    ) -> None:
        """Refuses a surrogate or a judge that is a network of another classifier, wherever both come from."""
        owners = dict.fromkeys(target.weights(), "the target")
        for name, classifier in {**_named(surrogates), **judges}.items():
            kind, source = ("judge", self.judge) if name in judges else ("classifier", self.classifier)
            shared = owners.keys() & classifier.weights()
            if shared:
                allowed = f"weights that {owners[shared.pop()]} does not have, as {name} has"
                raise SettingError(*source.origin(), allowed).under(kind)
            owners |= dict.fromkeys(classifier.weights(), name)

    def _logits(self, target: FrozenClassifier) -> dict[str, Tensor]:
        return predict_splits(target, self.data, identity_hash(self._data_identity()), self.cache / "logits")

    def _check_target(self, logits: dict[str, Tensor]) -> None:
        for split, outputs in logits.items():
            check_outputs(outputs, split, self.data)
        score = self.score.fitted(logits["validation"], self.data.validation.label)
        own = own_condition(logits["train"], self.data.train.label, score)
        check_scores(score, own, self.evaluation)

    def _compare_with(self, run: RunFolder, classifiers: dict[str, FrozenClassifier]) -> None:
        fingerprint = Fingerprint(run, self.allow_changed)
        fingerprint.compare_classifiers(classifiers)
        if not run.classifiers_fingerprint.exists() and not run.checkpoint.exists() and distributed.rank() == 0:
            fingerprint.keep_classifiers(classifiers)

    def _data_identity(self) -> dict[str, Any]:
        return {**self.identities["data"], **self.data.identity}

    def _train_features(self, copy: Path) -> None:
        with self.stage("features"):
            network = obtain_features(self.data, self._data_identity(), self.cache / "features", self.hardware)
        save_tensors({"state_dict": network.state_dict()}, copy)

    def _networks(self, kind: str, seeds: list[int]) -> set[str]:
        identity = self.identities[kind]
        return {identity_hash({**identity, "training": {**identity["training"], "seed": seed}}) for seed in seeds}

    def _obtain(self, source: ClassifierSource, kind: str, copy: Path) -> FrozenClassifier:
        if copy.exists():
            try:
                source = source.kept(copy)
            except SettingError as error:
                raise error.under(kind) from None
        identity = {"data": self._data_identity(), **self.identities[kind]}
        classifier = source.obtain(self.data, identity, self.cache / "classifiers", self.hardware)
        if not copy.exists() and distributed.rank() == 0:
            source.keep(classifier, copy)
        if self.score.adapt is None:
            return classifier
        return self.adapted(classifier.to(self.hardware.device()), kind, self.data.train.x).cpu()


def _named(surrogates: list[FrozenClassifier]) -> dict[str, FrozenClassifier]:
    return {f"surrogate {number}": surrogate for number, surrogate in enumerate(surrogates, start=1)}
