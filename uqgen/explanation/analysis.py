"""What image attributes explain of the score: of generated images beside real ones, and beside known corruptions."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import track

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.data.corruption import CORRUPTIONS, N_SEVERITIES
from uqgen.data.labelled import LabelledData
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.own_weakness import OwnWeakness, own_weakness
from uqgen.explanation.score_sweep import ScoreSweep
from uqgen.explanation.shares import (
    PER_COLUMN,
    Explained,
    WeightedScores,
    balanced_weights,
    explain_variance,
    has_enough,
    held_out_r2,
)
from uqgen.metrics.bootstrap import Array, Estimate, Floats

log = logging.getLogger(__name__)

ALL = "all"  # the key of what is said of all classes together


@dataclass(frozen=True)
class Measured:
    """Images with everything that is said of them.

    Attributes:
        attributes: float64 [N, P], in the order of `ATTRIBUTES`.
        label: int64 [N], the class, requested or true.
        sample: scores, and how they count.
    """

    attributes: Floats
    label: Array
    sample: WeightedScores

    @property
    def by_name(self) -> dict[str, Floats]:
        """Each attribute, float64 [N]."""
        return dict(zip(ATTRIBUTES, self.attributes.T, strict=True))

    def of_class(self, label: int) -> "Measured":
        """The images of one class."""
        chosen = self.label == label
        return Measured(self.attributes[chosen], self.label[chosen], self.sample.select(chosen))


@dataclass(frozen=True)
class AttributePoint:
    """An attribute of the images whose score lies in one bin; NaN where there is none.

    Attributes:
        low, high: bounds of the bin.
        n: number of images.
        mean, lower_quartile, upper_quartile: of the attribute.
    """

    low: float
    high: float
    n: int
    mean: float
    lower_quartile: float
    upper_quartile: float


@dataclass(frozen=True)
class Source:
    """What attributes say of one set of images.

    Attributes:
        explained: for `ALL` and the `class_key` of each class.
        held_out_r2: see `uqgen.explanation.shares.held_out_r2`; of all classes together.
        curves: for each attribute, a point for each bin of scores achieved; for "changes", of changes of the score, in
            `results.json` alone.
    """

    explained: dict[str, Explained]
    held_out_r2: Estimate
    curves: dict[str, tuple[AttributePoint, ...]]


@dataclass(frozen=True)
class Truth:
    """What the known corruption of real images explains.

    Attributes:
        explained: of kind and severity, as indicators, for `ALL` and the `class_key` of each class.
        beside: of all attributes as one and of the corruption as another, together; its R^2 less that of either says
            what the other adds.
    """

    explained: dict[str, Explained]
    beside: Explained


@dataclass(frozen=True)
class Analysis:
    """Everything that attributes and corruptions explain.

    Attributes:
        sources: "generated", images of the sweep; "changes", their attributes and scores less those of the image of the
            same noise at the certain end; "real", real images.
        truth: of the real images; None where none is corrupted.
        own: for `ALL` and the `class_key` of each class, where the classifier is worse than its judges on
            real images; None without judges.
    """

    sources: dict[str, Source]
    truth: Truth | None
    own: dict[str, OwnWeakness] | None


def analyse(
    sweep: ScoreSweep,
    real: LabelledData,
    real_score: Floats,
    lead: Floats | None,
    class_names: list[str],
    requested_range: tuple[float, float],
    settings: ExplanationSettings,
) -> Analysis:
    """Regresses scores on attributes.

    Args:
        sweep: generated images.
        real: real images.
        real_score: float [N], the scores of the same.
        lead: float64 [N], how far the classifier is ahead of its judges there (`lead_over_judges`); None without any.
        class_names: K names.
        requested_range: lowest and highest score requested, over which scores are spread evenly.
        settings: sizes and seed.
    """
    generated = measure_sweep(sweep, requested_range, settings.n_bins)
    changes = changes_from_certain(generated, len(sweep.scores), settings.n_bins)
    attributes = measure_attributes(real.x, "real images")
    sample = WeightedScores(
        real_score, np.arange(len(real)), balanced_weights(real_score, *requested_range, settings.n_bins)
    )
    measured = {"generated": generated, "changes": changes, "real": Measured(attributes, real.label.numpy(), sample)}
    sources = {name: _analyse_source(name, source, class_names, settings) for name, source in measured.items()}
    truth = _analyse_truth(measured["real"], real, class_names, settings) if real.corruption.any() else None
    own = None if lead is None else _own_weaknesses(measured["real"], lead, class_names, settings)
    return Analysis(sources, truth, own)


def class_key(name: str, class_names: Sequence[str]) -> str:
    """Under which name results hold a class: its own, or one in place of `ALL`, which stands for all classes."""
    key = name
    while key == ALL or (key != name and key in class_names):
        key = f"class {key}"
    return key


def measure_sweep(sweep: ScoreSweep, requested_range: tuple[float, float], n_bins: int) -> Measured:
    """The images of a sweep one after the other; those of one noise are a cluster."""
    n_classes, n_noises, n_scores = sweep.score_out.shape
    attributes = measure_attributes(sweep.x.flatten(0, 2), "generated images")
    score = sweep.score_out.flatten().double().numpy()
    weight = balanced_weights(score, *requested_range, n_bins)
    cluster = np.arange(n_classes * n_noises).repeat(n_scores)
    return Measured(attributes, cluster // n_noises, WeightedScores(score, cluster, weight))


def changes_from_certain(generated: Measured, n_scores: int, n_bins: int) -> Measured:
    """Attributes and scores less those of the first image of each noise, the certain end."""
    sample, first = generated.sample, np.arange(len(generated.label)) // n_scores * n_scores
    change = sample.score - sample.score[first]
    weight = balanced_weights(change, change.min(), max(change.max(), change.min() + 1e-9), n_bins)
    attributes = generated.attributes - generated.attributes[first]
    return Measured(attributes, generated.label, WeightedScores(change, sample.cluster, weight))


def curve(values: Floats, score: Floats, n_bins: int) -> tuple[AttributePoint, ...]:
    """Mean and quartiles of values [N] for each of equal bins of the scores [N]."""
    edges = np.linspace(score.min(), score.max(), n_bins + 1)
    bins = np.searchsorted(edges, score, side="right").clip(1, n_bins) - 1
    return tuple(_point(edges[i], edges[i + 1], values[bins == i]) for i in range(n_bins))


def corruption_indicators(data: LabelledData) -> dict[str, Floats]:
    """For each kind of corruption, whether an image has it in each severity: float64 [N, 5]; all 0 if it is clean."""
    severity = F.one_hot(data.severity, N_SEVERITIES + 1)[:, 1:].double()
    return {
        name: torch.where((data.corruption == kind)[:, None], severity, 0).numpy()
        for kind, name in enumerate(CORRUPTIONS)
        if kind > 0
    }


def _analyse_source(name: str, source: Measured, class_names: list[str], settings: ExplanationSettings) -> Source:
    n, n_attributes = source.attributes.shape
    if not has_enough(n, n_attributes):
        few = f"are fewer than {PER_COLUMN} for each of {n_attributes} attributes"
        log.warning("no R² and no shares, %s: %d images %s", name, n, few)
    of_class = {class_key(name, class_names): source.of_class(label) for label, name in enumerate(class_names)}
    parts = {ALL: source, **of_class}
    explained = {
        part: explain_variance(images.by_name, images.sample, settings.n_resamples, settings.seed)
        for part, images in track(list(parts.items()), f"shares, {name}")
        if len(images.label)
    }
    forest = held_out_r2(source.attributes, source.sample, settings.n_resamples, settings.seed)
    curves = {key: curve(values, source.sample.score, settings.n_bins) for key, values in source.by_name.items()}
    return Source(explained, forest, curves)


def _analyse_truth(real: Measured, data: LabelledData, class_names: list[str], settings: ExplanationSettings) -> Truth:
    indicators, sizes = corruption_indicators(data), (settings.n_resamples, settings.seed)
    explained = {ALL: explain_variance(indicators, real.sample, *sizes)}
    for label, name in enumerate(class_names):
        chosen = real.label == label
        if chosen.any():
            own = {kind: values[chosen] for kind, values in indicators.items()}
            explained[class_key(name, class_names)] = explain_variance(own, real.sample.select(chosen), *sizes)
    both = {"attributes": real.attributes, "corruption": np.hstack(list(indicators.values()))}
    return Truth(explained, explain_variance(both, real.sample, *sizes))


def _own_weaknesses(
    real: Measured, lead: Floats, class_names: list[str], settings: ExplanationSettings
) -> dict[str, OwnWeakness]:
    named, parts = real.by_name, {ALL: np.ones(len(lead), bool)}
    parts |= {class_key(name, class_names): real.label == label for label, name in enumerate(class_names)}
    sizes = settings.n_resamples, settings.seed
    shown = track([name for name in parts if parts[name].any()], "shares, beside judges")
    return {
        name: own_weakness({key: each[parts[name]] for key, each in named.items()}, lead[parts[name]], *sizes)
        for name in shown
    }


def _point(low: float, high: float, values: Floats) -> AttributePoint:
    if len(values) == 0:
        return AttributePoint(float(low), float(high), 0, np.nan, np.nan, np.nan)
    lower, upper = np.quantile(values, (0.25, 0.75))
    return AttributePoint(float(low), float(high), len(values), float(values.mean()), float(lower), float(upper))
