"""A trained run as an object: what a notebook, and every command that needs a trained model, begins with."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from uqgen.classifier_roles import Classifiers
from uqgen.classifiers.ensemble import predictive_logits
from uqgen.conditioning.condition import Condition
from uqgen.data.labelled import unit_range
from uqgen.evaluation.generated import generate_scored
from uqgen.evaluation.measure import Evaluator
from uqgen.experiment import Experiment
from uqgen.explanation.editing_settings import EditingSettings
from uqgen.explanation.given_image import EditedImage, edit_image
from uqgen.explanation.interpolation import Between, interpolate_given
from uqgen.explanation.score_sweep import ScoreSweep, sweep_scores
from uqgen.generators.model import ConditionalModel
from uqgen.guidance.guidance import Guidance
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.run_folder import RunFolder
from uqgen.settings import plain_number, require, require_integer, require_number, require_seed


@dataclass(frozen=True)
class Samples:
    """N generated images, or points, and what the target says of them; all on the CPU.

    Attributes:
        x: float32 [N, C, H, W] in [-1, 1], at the 256 levels of a picture, or points float32 [N, 2].
        label: the class requested.
        score_in: the score requested.
        score_out: float32 [N], the scores achieved.
        predicted: int64 [N], the most probable class.
        probabilities: float32 [N, K], of each class.
    """

    x: Tensor
    label: int
    score_in: float
    score_out: Tensor
    predicted: Tensor
    probabilities: Tensor


@dataclass(frozen=True)
class Run:
    """A trained run.

    Attributes:
        folder: its files.
        experiment: its parts, with the data in memory.
        classifiers: target and judges.
        own: class, score and probabilities of every training image.
        model: the trained model, on the experiment's device.

    Examples:
        >>> run = uqgen.load("runs/demo")  # doctest: +SKIP
        >>> run.generate(label=3, score=0.6, n=16).score_out  # doctest: +SKIP
        >>> run.edit(17, score=0.5).x  # doctest: +SKIP
        >>> run.in_vs_out()["uniform"].mae.value  # doctest: +SKIP
    """

    folder: RunFolder
    experiment: Experiment
    classifiers: Classifiers
    own: Condition
    model: ConditionalModel

    @property
    def class_names(self) -> list[str]:
        """K names, in the order of the labels."""
        return self.experiment.data.class_names

    @cached_property
    def evaluator(self) -> Evaluator:
        """What measures the model; made once, since edits ask it, too, and its features are read from a file."""
        return self.experiment.evaluator(self.classifiers, self.own, self.experiment.obtain_features(self.folder))

    @cached_property
    def guidance(self) -> Guidance:
        """What guides the model to the score requested, as strongly as the run's settings say; strength 0 for not."""
        found, target = self.classifiers, self.classifiers.target.to(self.model.device)
        return self.experiment.guidance.build(target, found.surrogates, found.score, self.own.score)

    def guided(self, strength: float | None) -> AbstractContextManager[None]:
        """The model makes images under this strength of guidance within the block.

        Args:
            strength: 0 leaves the model alone, 1 makes whole Newton steps; None for the run's own.

        Raises:
            SettingError: the strength is negative, or no number.
        """
        if strength is None:
            return self.model.guided_by(self.model.guidance)
        require_number("guidance", strength, 0)
        return self.model.guided_by(self.guidance.of_strength(float(strength)) if strength > 0 else None)

    def generate(
        self,
        label: int,
        score: float,
        n: int = 16,
        seed: int = 0,
        second: float | None = None,
        guidance: float | None = None,
    ) -> Samples:
        """Makes images of a class that are as uncertain as requested.

        Args:
            label: the class requested, 0 to K - 1.
            score: the score requested, of those that the run's score can take: for MSP from 1 / K to 1.
            n: number of images.
            seed: draws the noise; the same seed gives the same noise for every score, and for other classes the same
                or, where a discriminator chooses it, noise near it.
            second: the second score requested, of a run that has two; None for one that goes with the first.
            guidance: how strongly the frozen target (or whichever the run's settings name) guides to the score while
                images are made: 0 for the model alone, 1 for whole Newton steps; None for the run's own strength.

        Raises:
            SettingError: one of these is out of range.
        """
        label, score, n, seed, second = map(plain_number, (label, score, n, seed, second))
        self._check(label, score, n, seed, second)
        requested = Condition.repeated(label, score, n, torch.device("cpu"))
        if second is not None:
            requested = requested._replace(second=torch.full((n,), float(second)))
        target = self.classifiers.target.to(self.model.device)
        with self.guided(guidance):
            every = self.conditions_across_scores(label, n)
            made = generate_scored(self.model, requested, target, {}, self.classifiers.score, seed, every)
        probabilities = predictive_logits(made.logits).softmax(dim=1)
        predicted = probabilities.argmax(dim=1)
        return Samples(unit_range(made.x), label, float(score), made.score_out, predicted, probabilities)

    def sweep(
        self,
        scores: Sequence[float],
        labels: Sequence[int] | None = None,
        n: int = 4,
        seed: int = 0,
        guidance: float | None = None,
    ) -> ScoreSweep:
        """Makes images of several scores, of which along a row only the score differs: the same digit, less certain.

        `generate` draws anew for each score what else goes with it, such as which other class is likely, or blur.

        Args:
            scores: the S scores requested, from certain to uncertain.
            labels: K classes; None for all.
            n: number M of rows of each class.
            seed: draws their noise.
            guidance: see `generate`.

        Returns:
            Images uint8 [K, M, S, C, H, W], their scores float32 [K, M, S], and what the target says of them.

        Raises:
            SettingError: one of these is out of range, or a score is more certain than the one before.
        """
        scores, n, seed = _numbers(scores), plain_number(n), plain_number(seed)
        labels = list(range(len(self.class_names))) if labels is None else _numbers(labels)
        require(len(scores) > 0 and len(labels) > 0, "scores, labels", (scores, labels), "at least one of each")
        for label in labels:
            for score in scores:
                self._check(label, score, n, seed, None)
        falls = self.classifiers.score.high_means == "confident"
        require(scores == sorted(scores, reverse=falls), "scores", scores, "from certain to uncertain")
        self._require_images()
        target = self.classifiers.target.to(self.model.device)
        with self.guided(guidance):
            return sweep_scores(self.model, target, self.classifiers.score, labels, scores, n, seed)

    def conditions_across_scores(self, label: int, n: int) -> list[Condition]:
        """Conditions of n images of a class at the ends and the middle of the range, to draw noise for all scores."""
        low, high = self.experiment.evaluation.requested_range(self.classifiers.score, self.own.score)
        scores = (low, (low + high) / 2, high)
        return [Condition.repeated(label, each, n, torch.device("cpu")) for each in scores]

    def edit(
        self,
        image: Any,
        score: float | Sequence[float],
        n: int = 1,
        seed: int = 0,
        tolerance: float | None = None,
    ) -> EditedImage:
        """Makes a given image as uncertain as requested, with the smallest change that holds, or in several ways.

        Args:
            image: the name of a file; a position in the test split; a PIL image; or an array as
                `uqgen.data.images.fit_image` takes it.
            score: the score requested, or several.
            n: edits of each score, each of another way: by the condition, or by one aspect of the model's code alone
                (of StyleGAN2 the layers of a resolution, of a flow a band of the noise's frequencies). The smallest
                change comes first whose score holds while the image moves by a pixel; see
                `uqgen.explanation.edits.smallest`.
            seed: draws where a GAN's search for the image's latent starts.
            tolerance: by which a score may be missed, in its own unit; None for 0.05, or a tenth of the range of scores
                where that is less.

        Raises:
            SettingError: the image cannot be read, a score, n or the tolerance is out of range, or its model finds no
                image.
        """
        n, seed, scores = plain_number(n), plain_number(seed), _numbers(score)
        require_integer("n", n, 1)
        require(len(scores) > 0, "score", score, "one number or more")
        for each in scores:
            require_number("score", each, *self.classifiers.score.range(len(self.class_names)))
        self._require_images()
        low, high = self.evaluator.requested_range
        usual = min(EditingSettings.tolerance, (high - low) / 10)
        tolerance = usual if tolerance is None else tolerance
        settings = EditingSettings(seed=seed, tolerance=tolerance)
        return edit_image(self.model, self.evaluator, image, scores, settings, n)

    def interpolate(self, first: Any, second: Any, n: int = 11, seed: int = 0) -> Between:
        """Makes images on the way from one given image to another, with the score along the way.

        Args:
            first, second: as `edit` takes an image.
            n: number S of images on the way, both ends counted.
            seed: draws where a GAN's search for the images' latents starts.

        Returns:
            The two images and, in `on_the_way`, images uint8 [S, C, H, W], their scores float32 [S], and the
            probabilities of the classes, float32 [S, K] in [0, 1].

        Raises:
            SettingError: an image cannot be read, n or seed is out of range, or its model finds none.
        """
        n, seed = plain_number(n), plain_number(seed)
        require_integer("n", n, 2)
        self._require_images()
        settings = EditingSettings(n_between=n, seed=seed)
        return interpolate_given(self.model, self.evaluator, first, second, settings)

    def in_vs_out(self) -> dict[str, InVsOut]:
        """Requested and achieved scores, as in the data ("data") and uniformly over the reachable range ("uniform").

        They are those of results.json; of a run that was not evaluated yet, they are measured, on the fewer images that
        serve while a model is trained.
        """
        if self.folder.results.exists():
            results = self.folder.read_results()
            return {protocol: InVsOut.from_plain(plain) for protocol, plain in results["in_vs_out"].items()}
        protocols = self.evaluator.measure_in_training(self.model).protocols
        return {protocol: result.in_vs_out for protocol, result in protocols.items()}

    def _require_images(self) -> None:
        require(self.experiment.data.is_image, "run", self.folder.path, "a run of images")

    def _check(self, label: int, score: float, n: int, seed: int, second: float | None) -> None:
        names, both = self.class_names, self.classifiers.score
        is_label = isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(names)
        require(is_label, "label", label, f"0 to {len(names) - 1} ({', '.join(names)})")
        require_number("score", score, *both.range(len(names)))
        if second is not None:
            require(both.second is not None, "second", second, "none: the run has one score")
            require_number("second", second, *both.second.range(len(names)))  # type: ignore[union-attr]
        require_integer("n", n, 1)
        require_seed("seed", seed)


def _numbers(given: Any) -> list[Any]:
    """What is given, one number or several, as a list."""
    given = plain_number(given)
    is_one = isinstance(given, str) or not isinstance(given, Iterable)
    return [given] if is_one else [plain_number(each) for each in given]
