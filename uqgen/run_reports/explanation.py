"""An explanation of a run, and the files that hold it."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from uqgen.data.labelled import unit_range
from uqgen.explanation.discovery.discovered import Discovered
from uqgen.explanation.discovery.discovery import Discovery
from uqgen.explanation.explanation import Explanation, explain_classifier
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.gallery import Gallery
from uqgen.files import read_json, write_atomically
from uqgen.metrics.bootstrap import Array
from uqgen.metrics.plain import as_plain
from uqgen.report.attribute_figures import attribute_curves_figure, shares_by_class_figure, shares_figure
from uqgen.report.discovery_figures import attribute_figure, discovery_figure
from uqgen.report.gallery_figures import gallery_figure, second_choices_figure
from uqgen.report.run_page import write_run_page
from uqgen.report.saving import save_figure
from uqgen.report.shown_classes import ShownClasses, most_uncertain
from uqgen.report.slices_figure import slices_figure
from uqgen.report.strip_files import write_strips
from uqgen.report.sweep_figures import differences_figure, strips_figure, sweep_animation
from uqgen.run_folder import Plain, RunFolder
from uqgen.scores import Score
from uqgen.settings import require

if TYPE_CHECKING:
    from uqgen.run import Run

log = logging.getLogger(__name__)


def explain_run(run: "Run", settings: ExplanationSettings) -> Explanation:
    """Explains a run: results.json, the figures and sweep.gif in its folder, in `explanation/`, and its report again.

    Where an explanation with other settings is there already, this one stands beside it, named by what differs.

    Args:
        run: a trained run of images.
        settings: sizes and seed.
    """
    score, split = run.classifiers.score, run.experiment.evaluation.split
    place = _free_place(run.folder, {**vars(settings), "split": split})
    classes = most_uncertain(run.class_names, run.evaluator.own, score.high_means)
    explanation = explain_classifier(run.model, run.evaluator, settings, classes.labels)
    folder = place.explanation
    write_figures(folder, explanation, run.evaluator.reference.data.x, classes, score, settings.seed)
    results = {"run": str(run.folder.path), "score": score.name, "settings": settings, "split": split}
    run.folder.write(folder / "results.json", as_plain({**results, **explanation.results()}))
    write_run_page(place)
    log.info("explanation: %s, and in %s", folder.resolve(), place.report.resolve())
    return explanation


def _free_place(run: RunFolder, settings: Plain) -> RunFolder:
    """Where an explanation replaces none that has other settings.

    Raises:
        SettingError: one with other settings is even where this one should stand.
    """
    changes = _changes(run, settings)
    place = run.varied(changes) if changes else run
    is_free = not _changes(place, settings)
    require(is_free, "run", place.explanation, "a free place: move away what is there, of other settings")
    return place


def _changes(place: RunFolder, settings: Plain) -> Plain:
    """What differs from the settings of the explanation that is there, if there is one."""
    path = place.explanation / "results.json"
    if not path.exists():
        return {}
    results = read_json(path, "run")
    # earlier versions kept no split, and knew fewer settings
    found = {"split": results.get("split", settings["split"]), **vars(ExplanationSettings()), **results["settings"]}
    return {name: value for name, value in settings.items() if found.get(name) != value}


def write_figures(
    folder: Path, explanation: Explanation, real: Tensor, classes: ShownClasses, score: Score, seed: int
) -> None:
    """Writes `figures/*.png`, `figures/strips/`, of which the page makes a slider, and `sweep.gif`.

    Args:
        folder: where to write.
        explanation: what was found.
        real: uint8 [N, C, H, W], the held-out images.
        classes: those shown, of which the animated ones are.
        score: the classifier's.
        seed: of the noise, for the small print.
    """
    sweep, animated, analysis = explanation.sweep, explanation.animated, explanation.analysis
    shown = list(classes.labels)
    strips = unit_range(sweep.x[shown, 0]).numpy()
    says = (sweep.score_out[shown, 0].numpy(), sweep.predicted[shown, 0].numpy())
    figures = {
        "strips": strips_figure(strips, sweep.scores, *says, classes, score.name, seed=seed),
        "differences": differences_figure(strips, sweep.scores, classes, score.name, seed=seed),
        "attributes": shares_figure(analysis, score.name, seed=seed),
        "attributes_by_class": shares_by_class_figure(analysis, classes, seed=seed),
        "attributes_by_score": attribute_curves_figure(analysis, score.name, high_means=score.high_means, seed=seed),
        "slices": slices_figure(explanation.slices, real, score.name, within=sweep.scores, seed=seed),
        "second_choices": second_choices_figure(explanation.second_choices, classes.names, score.name, seed=seed),
    }
    for number, gallery in enumerate(explanation.galleries, start=1):
        figures[f"gallery_{number}"] = _gallery_figure(gallery, classes, score.name, sweep.scores, seed)
    if explanation.discovery is not None:
        figures |= _discovery_figures(explanation.discovery, classes.names, score, sweep.scores, seed)
    if explanation.own is not None:
        figures |= _attribute_figures("own", explanation.own.attributes, classes.names, score, sweep.scores, seed)
    for name, figure in figures.items():
        save_figure(figure, folder / "figures" / f"{name}.png")
    write_strips(folder / "figures" / "strips", animated, classes)
    images, achieved = unit_range(animated.x).numpy(), animated.score_out.numpy()
    write_atomically(folder / "sweep.gif", sweep_animation(images, animated.scores, achieved, classes, score.name))


def _discovery_figures(
    discovery: Discovery, names: Sequence[str], score: Score, within: Sequence[float], seed: int
) -> dict[str, Figure]:
    if not discovery.attributes:
        return {}
    figures = _attribute_figures("discovered", discovery.attributes, names, score, within, seed)
    return {"discovered": discovery_figure(discovery, score.name, high_means=score.high_means, seed=seed), **figures}


def _attribute_figures(
    name: str,
    attributes: Sequence[Discovered],
    class_names: Sequence[str],
    score: Score,
    within: Sequence[float],
    seed: int,
) -> dict[str, Figure]:
    return {
        f"{name}_{number}": attribute_figure(each, number, class_names, score.name, within=within, seed=seed)
        for number, each in enumerate(attributes, start=1)
    }


def _gallery_figure(
    gallery: Gallery, classes: ShownClasses, score_name: str, within: Sequence[float], seed: int
) -> Figure:
    duplicates = gallery.duplicates
    shares = (
        f"{100 * duplicates.dropped:.0f} % of {duplicates.n:,}, of real images {100 * duplicates.dropped_real:.0f} %"
    )
    dropped = f"near-duplicates dropped: {shares}"
    position = gallery.shown[list(classes.labels)]
    images = _or_nan(unit_range(gallery.generated.x), position)
    probabilities = _or_nan(gallery.probabilities, position)
    names = classes, score_name
    return gallery_figure(images, probabilities, gallery.score, *names, within=within, seed=seed, dropped=dropped)


def _or_nan(values: Tensor, position: Tensor) -> Array:
    """The values [N, ...] at positions [K, n], NaN where the position is -1."""
    chosen = values[position.clamp_min(0)].numpy()
    return np.where((position >= 0).numpy().reshape(*position.shape, *[1] * (chosen.ndim - 2)), chosen, np.nan)
