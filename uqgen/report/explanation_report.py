"""The figures of an explanation, and its table."""

from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from uqgen.data.labelled import unit_range
from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.in_vs_out import as_plain
from uqgen.explanation.analysis import ALL, Analysis
from uqgen.explanation.attributes import ATTRIBUTES
from uqgen.explanation.explanation import Explanation
from uqgen.explanation.gallery import Gallery
from uqgen.explanation.settings import ExplanationSettings
from uqgen.files import write_atomically
from uqgen.report.arrays import Array
from uqgen.report.attribute_figures import (
    FOREST,
    LOOKS,
    TOGETHER,
    TRUTH,
    curves_figure,
    shares_by_class_figure,
    shares_figure,
)
from uqgen.report.gallery_figures import gallery_figure, second_choices_figure
from uqgen.report.saving import save_figure
from uqgen.report.strip_files import write_strips
from uqgen.report.style import with_interval
from uqgen.report.sweep_figures import differences_figure, strips_figure, sweep_animation
from uqgen.run_folder import Plain

if TYPE_CHECKING:
    from uqgen.run import Run


def write_figures(folder: Path, explanation: Explanation, run: "Run", settings: ExplanationSettings) -> None:
    """Writes `figures/*.png`, `figures/strips/`, of which the page makes a slider, and `sweep.gif`.

    Args:
        folder: where to write.
        explanation: what was found.
        run: of which.
        settings: for the small print.
    """
    names, score, seed = run.class_names, run.classifiers.score, settings.seed
    sweep, animated, analysis = explanation.sweep, explanation.animated, explanation.analysis
    strips = unit_range(sweep.x[:, 0]).numpy()
    says = (sweep.score_out[:, 0].numpy(), sweep.predicted[:, 0].numpy())
    figures = {
        "strips": strips_figure(strips, sweep.scores, *says, names, score.name, seed=seed),
        "differences": differences_figure(strips, sweep.scores, names, score.name, seed=seed),
        "attributes": shares_figure(analysis, score.name, seed=seed),
        "attributes_by_class": shares_by_class_figure(analysis, names, seed=seed),
        "attributes_by_score": curves_figure(analysis, score.name, high_means=score.high_means, seed=seed),
        "second_choices": second_choices_figure(explanation.second_choices, names, score.name, seed=seed),
    }
    for number, gallery in enumerate(explanation.galleries, start=1):
        figures[f"gallery_{number}"] = _gallery_figure(gallery, names, score.name, seed)
    for name, figure in figures.items():
        save_figure(figure, folder / "figures" / f"{name}.png")
    write_strips(folder / "figures" / "strips", animated, names)
    images, obtained = unit_range(animated.x).numpy(), animated.score_out.numpy()
    write_atomically(folder / "sweep.gif", sweep_animation(images, animated.scores, obtained, names, score.name))


def shares_rows(analysis: Analysis) -> list[list[str]]:
    """The table of shares as text: a header, then a row for each attribute and for all of them."""
    return written_shares_rows(as_plain(analysis))


def written_shares_rows(analysis: Plain) -> list[list[str]]:
    """The same table, of what results.json holds of an analysis."""
    sources = [analysis["sources"][name] for name in LOOKS]
    explained = [source["explained"][ALL] for source in sources]
    header = ["share of the score's variance", *(title for _, _, title in LOOKS.values())]
    rows = [[name, *(_cell(part["shares"][name]) for part in explained)] for name in ATTRIBUTES]
    rows.append([TOGETHER, *(_cell(part["r2"]) for part in explained)])
    rows.append([FOREST, *(_cell(source["held_out_r2"]) for source in sources)])
    if analysis["truth"] is not None:
        of_truth = analysis["truth"]["explained"][ALL]
        true = {f"true {kind}": share for kind, share in of_truth["shares"].items()}
        true |= {TRUTH: of_truth["r2"], "attributes and true corruption (R²)": analysis["truth"]["beside"]["r2"]}
        rows += [[name, _cell(estimate), "", ""] for name, estimate in true.items()]
    return [header, *rows]


def _cell(estimate: Plain) -> str:
    return with_interval(Estimate(**{name: nan if value is None else value for name, value in estimate.items()}))


def _gallery_figure(gallery: Gallery, class_names: list[str], score_name: str, seed: int) -> Figure:
    duplicates = gallery.duplicates
    shares = (
        f"{100 * duplicates.dropped:.0f} % of {duplicates.n:,}, of real images {100 * duplicates.dropped_real:.0f} %"
    )
    dropped = f"near-duplicates dropped: {shares}"
    images = _or_nan(unit_range(gallery.generated.x), gallery.shown)
    probabilities = _or_nan(gallery.probabilities, gallery.shown)
    return gallery_figure(images, probabilities, gallery.score, class_names, score_name, seed=seed, dropped=dropped)


def _or_nan(values: Tensor, position: Tensor) -> Array:
    """The values [N, ...] at positions [K, n], NaN where the position is -1."""
    chosen = values[position.clamp_min(0)].numpy()
    return np.where((position >= 0).numpy().reshape(*position.shape, *[1] * (chosen.ndim - 2)), chosen, np.nan)
