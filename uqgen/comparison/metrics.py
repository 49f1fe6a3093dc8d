"""What is compared: which numbers of results.json, and which way is better."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from uqgen.run_folder import Plain


@dataclass(frozen=True)
class Metric:
    """One number of a run.

    Attributes:
        key: its name in files.
        title: its name for people.
        path: where it stands in results.json, dotted; `*` stands for each of several, whose mean is taken.
        better: which way is better.
        main: whether it is among the few shown first.
        digits: decimals worth showing.
    """

    key: str
    title: str
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


METRICS = (
    Metric("uniform_mae", "MAE (uniform)", "in_vs_out.uniform.mae.value", "lower", main=True),
    Metric("uniform_pearson", "Pearson (uniform)", "in_vs_out.uniform.pearson.value", "higher", main=True),
    Metric("uniform_spearman", "Spearman (uniform)", "in_vs_out.uniform.spearman.value", "higher"),
    Metric("data_mae", "MAE (data)", "in_vs_out.data.mae.value", "lower"),
    Metric("data_pearson", "Pearson (data)", "in_vs_out.data.pearson.value", "higher", main=True),
    Metric("data_spearman", "Spearman (data)", "in_vs_out.data.spearman.value", "higher"),
    Metric("data_class_agreement", "class agreement (data)", "class_agreement.data.value", "higher", main=True),
    Metric("uniform_class_agreement", "class agreement (uniform)", "class_agreement.uniform.value", "higher"),
    Metric(
        "uniform_judges_pearson", "judges' Pearson (uniform)", "judges.uniform.*.pearson.value", "higher", main=True
    ),
    Metric("data_judges_pearson", "judges' Pearson (data)", "judges.data.*.pearson.value", "higher"),
    Metric("best_of_mae", "MAE (uniform, best of k)", "at_sampling.best_of.in_vs_out.mae.value", "lower"),
    Metric("corrected_mae", "MAE (uniform, corrected)", "at_sampling.corrected.in_vs_out.mae.value", "lower"),
    Metric(
        "uniform_judges_relative",
        "judges' Pearson / real (uniform)",
        "controls.matched_real.judges_pearson.*.ratio",
        "higher",
    ),
    Metric(
        "uniform_class_gap",
        "class agreement less real (uniform)",
        "controls.matched_real.class_agreement_gap.uniform",
        "higher",
    ),
    Metric(
        "data_class_gap", "class agreement less real (data)", "controls.matched_real.class_agreement_gap.data", "higher"
    ),
    Metric("noise_fragility", "change by noise / real", "controls.fragility.noise.ratio", "lower"),
    Metric("shift_fragility", "change by shift / real", "controls.fragility.shift.ratio", "lower"),
    Metric("diversity", "diversity / real", "controls.diversity.ratio", "higher"),
    Metric("copies", "copies", "controls.copies.share", "lower"),
    Metric("distance_by_score", "distance, mean over score bins", "controls.by_score.mean", "lower", digits=4),
    Metric("fid", "FID", "realism.images.fid", "lower", main=True, digits=1),
    Metric("kid", "KID", "realism.images.kid", "lower", digits=4),
    Metric("sliced_wasserstein", "sliced Wasserstein", "realism.sliced_wasserstein", "lower", main=True, digits=4),
)


def _value(node: Any, path: Sequence[str]) -> float:
    if not path:
        return math.nan if node is None else float(node)
    if not isinstance(node, dict):
        return math.nan
    key, *rest = path
    if key == "*":
        return float(np.mean([_value(child, rest) for child in node.values()])) if node else math.nan
    return _value(node.get(key), rest)
