"""The classifiers of an experiment by their roles: target, judges and surrogates, and how they come to be."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from uqgen import distributed
from uqgen.checks import check_outputs, check_scores
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import accuracy, predict_splits
from uqgen.classifiers.recipe import ClassifierRecipe, identity_hash
from uqgen.classifiers.source import ClassifierSource
from uqgen.conditioning.own_condition import own_condition
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.fingerprint import Fingerprint
from uqgen.hardware import Hardware
from uqgen.run_folder import RunFolder
from uqgen.scores import Score
from uqgen.settings import SettingError, require

log = logging.getLogger(__name__)

FIRST_SURROGATE = 1_000  # repetition of the target's training, beyond those of judges
BARELY = 0.1  # more than chance, a classifier's accuracy that is likely a mistake in its settings


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
class ClassifierRoles:
    """Which classifiers an experiment needs, and where each comes from.

    Attributes:
        data: what they classify.
        target, judge: how the target and the judges are trained, or where they come from.
        identities: plain values that determine the data and the classifiers, for "data", "classifier" and "judge".
        score: the score, before it is fitted to the target.
        evaluation: its settings, for the number of judges.
        n_enforcing, n_guiding: surrogates that take part in the training of the model, and that guide it.
        hardware: where they are trained.
        cache: folder of what is shared by all runs.
        allow_changed: goes on with classifiers that changed since a run was started.
    """

    data: InMemoryDataModule
    target: ClassifierSource
    judge: ClassifierSource
    identities: dict[str, dict[str, Any]]
    score: Score
    evaluation: EvaluationSettings
    n_enforcing: int
    n_guiding: int
    hardware: Hardware
    cache: Path
    allow_changed: bool = False

    @property
    def data_identity(self) -> dict[str, Any]:
        """Plain values that determine the data."""
        return {**self.identities["data"], **self.data.identity}

    def check(self) -> None:
        """Refuses classifiers that the score can make nothing of, too few, and judges that are networks of the target.

        Raises:
            SettingError: they are such.
        """
        self.score.check_members("classifier", self.target.members)
        numbers = range(1, self.evaluation.n_judges + 1)
        if numbers:
            self.score.check_members("classifier@judge", self.judge.members, ", or evaluation.n_judges=0")
        lone = "of your own, of which there is one"
        enough = self.n_enforcing == 0 or bool(self.target.seeds())
        require(enough, "enforcement.n_surrogates", self.n_enforcing, f"0 with a classifier {lone}")
        enough = self.n_guiding == 0 or bool(self.target.seeds())
        require(enough, "guidance.n_surrogates", self.n_guiding, f"0 with a classifier {lone}")
        enough = self.evaluation.n_judges < 2 or bool(self.judge.seeds())
        require(enough, "evaluation.n_judges", self.evaluation.n_judges, f"0 or 1 with a judge {lone}")
        judges = [seed for number in numbers for seed in self.judge.repeated(number).seeds()]
        surrogates = [seed for number in self._surrogates() for seed in self._surrogate(number).seeds()]
        taking_part = [*self.target.seeds(), *surrogates]
        if self._networks("classifier", taking_part) & self._networks("judge", judges):
            allowed = "a seed with which no judge is a network of the target or of a surrogate"
            raise SettingError("judge.training.seed", self.judge.seeds()[0], allowed)

    def adapted(self, classifier: FrozenClassifier, kind: str, train: Tensor | None = None) -> FrozenClassifier:
        """A classifier as the score needs it; see `Score.adapted`.

        Args:
            classifier: the target, a surrogate or a judge.
            kind: its settings, "classifier" or "judge".
            train: training images; None only tries whether it can be adapted.

        Raises:
            SettingError: it cannot.
        """
        try:
            return self.score.adapted(classifier, self.data.shape, train)
        except SettingError as error:
            raise error.under("score" if error.name in self.score.settings else kind) from None

    def obtain(self, run: RunFolder) -> Classifiers:
        """Trains or finds the target and the judges, and leaves a copy of each in the run's folder.

        Raises:
            SettingError: a file is missing or does not fit, a judge has the weights of what it is to judge, a
                classifier has others than the run was started with, or a model can learn nothing from what the target
                says.
        """
        device, judges = self.hardware.device(), {}
        target = self._obtain(self.target, "classifier", run.classifiers / "target.pt").to(device)
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
        if not self.target.seeds() and found < 1 / self.data.n_classes + BARELY:
            log.warning("that is hardly more than chance: data.class_names, classifier.mean and std may be other ones")
        score = self.score.fitted(logits["validation"], self.data.validation.label)
        return Classifiers(target, judges, tuple(surrogates), logits, score)

    def _surrogates(self) -> range:
        """The numbers of the surrogates that are needed."""
        return range(1, max(self.n_enforcing, self.n_guiding) + 1)

    def _surrogate(self, number: int) -> ClassifierSource:
        recipe = self.target.repeated(FIRST_SURROGATE + number)
        if isinstance(recipe, ClassifierRecipe):
            recipe = replace(recipe, checkpoint=None)  # which is the target's
        return recipe

    def _refuse_shared_weights(
        self, target: FrozenClassifier, judges: dict[str, FrozenClassifier], surrogates: list[FrozenClassifier]
    ) -> None:
        """Refuses a surrogate or a judge that is a network of another classifier, wherever both come from."""
        owners = dict.fromkeys(target.weights(), "the target")
        for name, classifier in {**_named(surrogates), **judges}.items():
            kind, source = ("judge", self.judge) if name in judges else ("classifier", self.target)
            shared = owners.keys() & classifier.weights()
            if shared:
                allowed = f"weights that {owners[shared.pop()]} does not have, as {name} has"
                raise SettingError(*source.origin(), allowed).under(kind)
            owners |= dict.fromkeys(classifier.weights(), name)

    def _logits(self, target: FrozenClassifier) -> dict[str, Tensor]:
        return predict_splits(target, self.data, identity_hash(self.data_identity), self.cache / "logits")

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

    def _networks(self, kind: str, seeds: list[int]) -> set[str]:
        identity = self.identities[kind]
        return {identity_hash({**identity, "training": {**identity["training"], "seed": seed}}) for seed in seeds}

    def _obtain(self, source: ClassifierSource, kind: str, copy: Path) -> FrozenClassifier:
        if copy.exists():
            try:
                source = source.kept(copy)
            except SettingError as error:
                raise error.under(kind) from None
        identity = {"data": self.data_identity, **self.identities[kind]}
        classifier = source.obtain(self.data, identity, self.cache / "classifiers", self.hardware)
        if not copy.exists() and distributed.rank() == 0:
            source.keep(classifier, copy)
        if self.score.adapt is None:
            return classifier
        return self.adapted(classifier.to(self.hardware.device()), kind, self.data.train.x).cpu()


def _named(surrogates: list[FrozenClassifier]) -> dict[str, FrozenClassifier]:
    return {f"surrogate {number}": surrogate for number, surrogate in enumerate(surrogates, start=1)}
