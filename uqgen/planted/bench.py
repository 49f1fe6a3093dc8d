"""One classifier of the benchmark after the other: made weak, explained by every method, compared with the truth."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from uqgen import seeding
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.penultimate import SeenFeatures
from uqgen.conditioning.condition import Condition
from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.data.labelled import LabelledData
from uqgen.evaluation.generated import generate_scored
from uqgen.explanation.slices import seen
from uqgen.explanation.slicing import Floats, Projection, Seen
from uqgen.files import write_atomically
from uqgen.generators.model import ConditionalModel
from uqgen.guidance.guidance import Guidance
from uqgen.metrics.plain import as_plain
from uqgen.metrics.wilson import wilson
from uqgen.planted.attribute_rankings import RANKINGS, RankingInput, suspected_class
from uqgen.planted.gradient_maps import gradient_maps
from uqgen.planted.methods import METHODS, Material
from uqgen.planted.outcome import Attributes, Outcome, judge
from uqgen.planted.planted_settings import FEWEST, PlantedSettings
from uqgen.planted.target import small_cnn, train_target
from uqgen.planted.weaknesses import WEAKNESSES, AnnotatedImages
from uqgen.scores import Score
from uqgen.settings import SettingError, require
from uqgen.tensor_files import load_tensors, save_tensors

log = logging.getLogger(__name__)

N_JUDGES, JUDGES_FROM = 2, 10_000  # sound classifiers, and the first of their seeds
MEASURED = 2  # raised where jobs are measured otherwise, so that those of a folder compare
TEMPLATE = "{kind},seed={seed}.json"


@dataclass(frozen=True)
class Bench:
    """What all jobs share.

    Attributes:
        train, find, held_out: real images, none in two of them.
        n_classes: number of classes K.
        model: the one generator.
        score: it is requested, not fitted.
        folder: of results, judges among them.
        settings: see there.
    """

    train: AnnotatedImages
    find: AnnotatedImages
    held_out: AnnotatedImages
    n_classes: int
    model: ConditionalModel
    score: Score
    folder: Path
    settings: PlantedSettings

    def run(self, kind: str, seed: int) -> None:
        """Does a job that has not been done, and keeps what came out."""
        path = self.folder / TEMPLATE.format(kind=kind, seed=seed)
        if not path.exists():
            outcome = self._outcome(kind, seed)
            write_atomically(path, json.dumps(as_plain(outcome), indent=1).encode())
            log.info("%s", path)

    def _outcome(self, kind: str, seed: int) -> Outcome:
        rng = np.random.default_rng([seed, *kind.encode()])
        label = int(rng.integers(self.n_classes))
        plant = WEAKNESSES[kind].plant
        taught = plant(self.train, label, True, rng).data
        find, held_out = (plant(images, label, False, rng) for images in (self.find, self.held_out))
        target = train_target(taught, self.n_classes, self.settings.epochs, seed).to(self.model.device)  # it guides it
        material = self._material(target, find.data, held_out.data, seed)
        found = {name: find_slices(material) for name, find_slices in METHODS.items()}
        wrong, truth = material.held_out.is_wrong, held_out.truth
        judged = {name: [judge(each, truth) for each in slices] for name, slices in found.items()}
        inside, outside = (wilson(int(wrong[part].sum()), int(part.sum())) for part in (truth, ~truth))
        is_weak = inside.low > outside.high
        has_attribute = WEAKNESSES[kind].attribute is not None
        attributes = self._rank(target, find.data, material.found_on, kind, seed) if has_attribute else None
        is_there = attributes is not None and bool(truth[(held_out.data.label == attributes.label).numpy()].any())
        n = int(truth.sum())
        return Outcome(kind, seed, label, n, inside.value, outside.value, is_weak, judged, attributes, is_there)

    def _material(self, target: FrozenClassifier, find: LabelledData, held_out: LabelledData, seed: int) -> Material:
        """All that may be looked at; the truth is not among it."""
        features = SeenFeatures(target, self.n_classes)
        logits = target.predict(find.x)
        score = self.score.fitted(logits, find.label)
        projection = Projection(features(find.x).numpy())

        def view(x: Tensor, label: Tensor, logits: Tensor) -> Seen:
            judged = [judge.predict(x) for judge in self._judges]
            certainty = score.certainty(score(logits, label))
            return seen(projection(features(x).numpy()), label, logits, certainty, judged)

        requested, x, made = self._generate(target, score, logits, find.label, seed)
        maps, held_out_maps = (gradient_maps(target, each.x).double().numpy() for each in (find, held_out))
        where_it_looks = Projection(maps)
        return Material(
            view(find.x, find.label, logits),
            view(held_out.x, held_out.label, target.predict(held_out.x)),
            view(x, requested, made),
            where_it_looks(maps),
            where_it_looks(held_out_maps),
            self.n_classes,
            self.settings.n_slices,
            seed,
        )

    def _rank(
        self, target: FrozenClassifier, find: LabelledData, found_on: Seen, kind: str, seed: int
    ) -> Attributes | None:
        """Ranks what moves the classifier, and a sound one, in images of the class that is suspected."""
        try:
            self.model.inverter()
        except SettingError as error:
            log.warning("no attributes are ranked: %s", error)
            return None
        label = suspected_class(found_on)
        x, found = find.x[find.label == label], []
        attributes = dict(zip(ATTRIBUTES, measure_attributes(x, "real images").T, strict=True))
        for classifier in (target, self._sound(kind, seed)):
            logits = classifier.predict(find.x)
            score = self.score.fitted(logits, find.label)
            between = _range_of(score(logits, find.label))
            given = RankingInput(classifier, self._judges, score, between, label, x, attributes, self.model, seed)
            found.append({name: rank(given) for name, rank in RANKINGS.items()})
        return Attributes(label, *found)

    def _generate(
        self, target: FrozenClassifier, score: Score, logits: Tensor, label: Tensor, seed: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Classes, images and logits: guided by the classifier to the uncertain half of its scores."""
        low, high = _range_of(score(logits, label))
        middle = (low + high) / 2
        bounds = sorted((middle, score.certain_first(low, high)[1]))
        requested = torch.arange(self.n_classes).repeat_interleave(self.settings.n_generated)
        drawn = torch.rand(len(requested), generator=seeding.generator(seed))
        condition = Condition(requested, bounds[0] + (bounds[1] - bounds[0]) * drawn)
        with self.model.guided_by(Guidance((target,), score, (low, high))):
            made = generate_scored(self.model, condition, target, {}, score, seed)
        return requested, made.x, made.logits

    @cached_property
    def _judges(self) -> list[FrozenClassifier]:
        """Sound classifiers of other seeds, trained once."""
        seeds = range(JUDGES_FROM, JUDGES_FROM + N_JUDGES)
        return [self._judge(seed) for seed in seeds]

    def _sound(self, kind: str, seed: int) -> FrozenClassifier:
        """Another one, for comparison: one of its own for each job, so that all of them count."""
        number = seed * len(WEAKNESSES) + list(WEAKNESSES).index(kind)
        own = train_target(self.train.data, self.n_classes, self.settings.epochs, JUDGES_FROM + N_JUDGES + number)
        return own.to(self.model.device)

    def _judge(self, seed: int) -> FrozenClassifier:
        path = self.folder / f"judge-{seed}.pt"
        if not path.exists():
            trained = train_target(self.train.data, self.n_classes, self.settings.epochs, seed)
            save_tensors({"state_dict": trained.network.state_dict()}, path)
        network = small_cnn(tuple(self.train.data.x.shape[1:]), self.n_classes)
        network.load_state_dict(load_tensors(path)["state_dict"])
        return FrozenClassifier(network).to(self.model.device)  # it guides it


def _range_of(score: Tensor) -> tuple[float, float]:
    return float(score.min()), float(score.max())


def split_images(
    data: dict[str, LabelledData],
    attributes: dict[str, dict[str, Floats]],
    n_train: int,
    n_find: int,
) -> tuple[AnnotatedImages, AnnotatedImages, AnnotatedImages]:
    """What classifiers learn from, what slices are found on, and what holds them against the truth.

    Args:
        data: real images of "train", "validation" and "test".
        attributes: of the same, without corruption.
        n_train: images to learn from; those that follow in the same split serve to find, after validation's.
        n_find: images to find on, at most.

    Raises:
        SettingError: there are too few to learn from, or to find on.
    """
    every = {split: AnnotatedImages(data[split], attributes[split]) for split in data}
    place = np.arange(len(every["train"]))
    left = max(0, n_find - len(every["validation"]))
    train = every["train"].select(place < n_train)
    spare = every["train"].select((place >= n_train) & (place < n_train + left))
    validation = every["validation"].select(np.arange(len(every["validation"])) < n_find)
    find = _joined(validation, spare)
    for name, images in {"planted.n_train": train, "planted.n_find": find}.items():
        require(len(images) >= FEWEST, name, f"{len(images)} images of the run's data", f"{FEWEST} or more")
    return train, find, every["test"]


def _joined(first: AnnotatedImages, second: AnnotatedImages) -> AnnotatedImages:
    parts = (first.data, second.data)
    names: Sequence[str] = ("x", "label", "corruption", "severity")
    data = LabelledData(*(torch.cat([getattr(part, name) for part in parts]) for name in names))
    attributes = {name: np.concatenate([first.attributes[name], second.attributes[name]]) for name in first.attributes}
    return AnnotatedImages(data, attributes)
