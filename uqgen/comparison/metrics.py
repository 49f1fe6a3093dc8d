"""What is compared: which numbers of results.json, and which way is better."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from uqgen.evaluation.by_score import N_BINS
from uqgen.run_folder import Plain

Theme = Literal["agreement", "controls", "realism"]


@dataclass(frozen=True)
class Metric:
    """One number of a run.

    Attributes:
        key: its name in files.
        title: its name for people.
        theme: what it tells about: whether scores asked are obtained, by what means, or how real the images are.
        path: where it stands in results.json, dotted; `*` stands for each of several, whose mean is taken.
        better: which way is better.
        main: whether it is among the few shown first.
        digits: decimals worth showing.
    """

    key: str
    title: str
    theme: Theme
    path: str
    better: Literal["lower", "higher"]
    main: bool = False
    digits: int = 3

    def of(self, results: Plain) -> float:
        """Its value; NaN where the results have none, or one that is not defined."""
        return _value(results, self.path.split("."))

    def best(self, values: Sequence[float]) -> float:
        """The best of these values, NaN left out; NaN if no other is there."""
        defined = [value for value in values if not math.isnan(value)]
        return (min if self.better == "lower" else max)(defined, default=math.nan)


def _agreement(key: str, title: str, path: str, better: Literal["lower", "higher"], main: bool = False) -> Metric:
    return Metric(key, title, "agreement", f"{path}.value", better, main)


def _control(key: str, title: str, path: str, better: Literal["lower", "higher"]) -> Metric:
    return Metric(key, title, "controls", f"controls.{path}", better)


METRICS = (
    _agreement("uniform_mae", "MAE (uniform)", "in_vs_out.uniform.mae", "lower", main=True),
    _agreement("uniform_pearson", "Pearson (uniform)", "in_vs_out.uniform.pearson", "higher", main=True),
    _agreement("uniform_spearman", "Spearman (uniform)", "in_vs_out.uniform.spearman", "higher"),
    _agreement("data_mae", "MAE (data)", "in_vs_out.data.mae", "lower"),
    _agreement("data_pearson", "Pearson (data)", "in_vs_out.data.pearson", "higher"),
    _agreement("data_spearman", "Spearman (data)", "in_vs_out.data.spearman", "higher"),
    _agreement("unguided_mae", "MAE (uniform, unguided)", "by_strength.0.in_vs_out.mae", "lower"),
    _agreement("unguided_pearson", "Pearson (uniform, unguided)", "by_strength.0.in_vs_out.pearson", "higher"),
    _agreement("best_of_mae", "MAE (uniform, best of k)", "at_sampling.best_of.in_vs_out.mae", "lower"),
    _agreement("corrected_mae", "MAE (uniform, corrected)", "at_sampling.corrected.in_vs_out.mae", "lower"),
    Metric(
        "data_class_agreement",
        "class agreement (data)",
        "controls",
        "class_agreement.data.value",
        "higher",
        main=True,
    ),
    _control("data_class_gap", "class agreement less real (data)", "matched_real.class_agreement_gap.data", "higher"),
    Metric(
        "uniform_class_agreement",
        "class agreement (uniform)",
        "controls",
        "class_agreement.uniform.value",
        "higher",
    ),
    _control(
        "uniform_class_gap", "class agreement less real (uniform)", "matched_real.class_agreement_gap.uniform", "higher"
    ),
    Metric(
        "uniform_judges_pearson",
        "judges' Pearson (uniform)",
        "controls",
        "judges.uniform.*.pearson.value",
        "higher",
        main=True,
    ),
    _control(
        "uniform_judges_relative", "judges' Pearson / real (uniform)", "matched_real.judges_pearson.*.ratio", "higher"
    ),
    Metric("data_judges_pearson", "judges' Pearson (data)", "controls", "judges.data.*.pearson.value", "higher"),
    _control("noise_fragility", "change by noise / real", "fragility.noise.ratio", "lower"),
    _control("shift_fragility", "change by shift / real", "fragility.shift.ratio", "lower"),
    _control("copies", "copies", "copies.share", "lower"),
    Metric("coverage", "coverage / real", "realism", "manifold.mean.coverage.ratio", "higher", main=True),
    *(
        Metric(f"{key}_{name}", f"{name} / real ({title})", "realism", f"manifold.{path}.{name}.ratio", "higher")
        for key, title, path in (("certain", "certain end", "certain.mean"), ("below", "below it", "mean_below"))
        for name in ("coverage", "recall", "precision")
    ),
    Metric("worst_coverage", "coverage / real (worst)", "realism", "verdict.worst.coverage.value", "higher"),
    Metric("fid", "FID", "realism", "realism.images.fid", "lower", main=True, digits=1),
    Metric("kid", "KID", "realism", "realism.images.kid", "lower", digits=2),
    Metric(
        "sliced_wasserstein",
        "sliced Wasserstein",
        "realism",
        "realism.sliced_wasserstein",
        "lower",
        main=True,
        digits=4,
    ),
    Metric(
        "distance_by_score", "distance, mean over score bins", "realism", "controls.by_score.mean", "lower", digits=4
    ),
    *(
        Metric(
            f"distance_in_bin_{number}",
            f"distance in score bin {number}",
            "realism",
            f"controls.by_score.bins.{number - 1}.distance",
            "lower",
            digits=4,
        )
        for number in range(1, N_BINS + 1)
    ),
)


def _value(node: Any, path: Sequence[str]) -> float:
    if not path or (path == ["value"] and not isinstance(node, dict)):  # evaluations on the way have no intervals
        return math.nan if node is None else float(node)
    if isinstance(node, list):
        node = {str(at): child for at, child in enumerate(node)}
    if not isinstance(node, dict):
        return math.nan
    key, *rest = path
    if key == "*":
        return float(np.mean([_value(child, rest) for child in node.values()])) if node else math.nan
    return _value(node.get(key), rest)
