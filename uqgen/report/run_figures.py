"""The figures of a run: drawn from its model and what was measured, by the names that `run_page.captions` has."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.data.labelled import unit_range
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.generated import Generated, sample_grid
from uqgen.evaluation.manifold import Manifold
from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.protocol import PROTOCOLS, ProtocolResult
from uqgen.evaluation.score_quality import ScoreQuality
from uqgen.evaluation.side_by_side import along_scores, side_by_side
from uqgen.files import read_rows
from uqgen.generators.model import ConditionalModel
from uqgen.report.clusters_figure import BinClusters, clusters_figure
from uqgen.report.image_figures import sample_grid_figure, two_rows_figure
from uqgen.report.overview_figure import overview_figure
from uqgen.report.realism_figures import manifold_figure, moons_figure, side_by_side_figure
from uqgen.report.run_page import rows_of_classes
from uqgen.report.run_tables import PROTOCOL_TITLES
from uqgen.report.saving import save_figure
from uqgen.report.score_figures import (
    InVsOutPanel,
    JudgeRow,
    distribution_figure,
    in_vs_out_figure,
    judges_figure,
    strength_figure,
)
from uqgen.report.score_quality_figures import confident_errors_figure, score_quality_figure
from uqgen.report.shown_classes import ShownClasses, most_uncertain
from uqgen.report.style import interval_text, score_label
from uqgen.report.training_figure import training_figure
from uqgen.run_folder import RunFolder

CURVES = {
    "loss": "error of the velocity",
    "d_loss": "discriminator's loss",
    "g_loss": "generator's loss",
    "penalty": "discriminator's penalty",
    "energy": "energy score",
    "real_logit": "discriminator, of real",
    "fake_logit": "discriminator, of generated",
    "d_enforcement": "enforcement, discriminator",
    "g_enforcement": "enforcement, generator",
    "memory_gib": "memory (GiB)",
}  # where the name of what is logged does not speak for itself
CLUSTERS = {"detail": ("clusters_detail", "fine detail"), "texture": ("clusters", "texture")}  # figures, and by what
N_COLUMNS = 7  # scores in the overview
NamedFigures = Iterator[tuple[str, Figure]]


def save_run_figures(
    run: RunFolder, context: EvaluationContext, measurements: Measurements, model: ConditionalModel, training_seed: int
) -> None:
    """Draws every figure of a run into a PNG file.

    Args:
        run: where to write, and where the history of the training is.
        context: what the model was compared with.
        measurements: of the model.
        model: the trained model.
        training_seed: of its training, for the small print.
    """
    for name, figure in measured_figures(context, measurements, model):
        save_figure(figure, run.figures / f"{name}.png")
    if rows := read_rows(run.training / "history.csv"):
        save_figure(_training_figure(rows, training_seed), run.figures / "training.png")


def measured_figures(context: EvaluationContext, measurements: Measurements, model: ConditionalModel) -> NamedFigures:
    """The figures of what was measured, each with its name."""
    score, seed = context.score.name, context.settings.seed
    generated = measurements.generated["data"]
    if measurements.score_quality is not None:
        yield from _score_quality(context, measurements.score_quality)
    if measurements.manifold is not None:
        yield "manifold", manifold_figure(measurements.manifold, measurements.appearance, score, seed=seed)
    for name, found in measurements.appearance.items():
        if bins := _clusters(context, name, found):
            figure, looks = CLUSTERS[name]
            yield figure, clusters_figure(bins, score, looks, seed=seed)
    yield "in_vs_out", _in_vs_out(measurements.generated, measurements.protocols, score, seed)
    if (second := measurements.second) is not None:
        made = {name: images.second for name, images in measurements.generated.items() if images.second is not None}
        yield "in_vs_out_second", _in_vs_out(made, second.protocols, second.name, seed)
    if context.data.is_image:
        yield "overview", _overview(context, measurements, model)
        yield from _image_figures(context, model)
    else:
        real = context.data.train.x.numpy(), context.own.score.numpy()
        fake = generated.x.numpy(), generated.requested.score.numpy()
        yield "moons", moons_figure(*real, *fake, score, seed=seed)
    scores = context.reference.score.numpy(), generated.score_out.numpy()
    yield "distribution", distribution_figure(*scores, score, seed=seed)
    if measurements.real_judges:
        judges = measurements.protocols["data"].judges
        rows = [JudgeRow(name, judges[name], on_real) for name, on_real in measurements.real_judges.items()]
        yield "judges", judges_figure(rows, seed=seed)
    if len(measurements.by_strength) > 1 and measurements.controls is not None:
        on_real = [judge.pearson.value for judge in measurements.controls.matched_real.judges.values()]
        mean = float(np.mean(on_real)) if on_real else np.nan
        yield "guidance", strength_figure(measurements.by_strength, mean, seed=seed)


def _clusters(context: EvaluationContext, name: str, found: Manifold) -> list[BinClusters]:
    """The bins whose clusters were measured, from above; `name` is what was compared."""
    real, images = context.real_cells[name], context.data.train.x
    parts = {(part.low, part.high): part.shares for part in (found.certain, *found.below)}
    bins = []
    for number, edges in reversed(list(enumerate(context.bins.bounds))):
        typical, shares = real.typical(number), parts[edges]
        if typical is not None and shares is not None:
            shown = unit_range(images[typical.flatten()]).unflatten(0, typical.shape)
            bins.append(BinClusters(*edges, shown.numpy(), shares.clusters))
    return bins


def _score_quality(context: EvaluationContext, quality: ScoreQuality) -> NamedFigures:
    score, seed, errors = context.score.name, context.settings.seed, quality.confident_errors
    yield "score_quality", score_quality_figure(quality, score, seed=seed)
    if errors and context.data.is_image:
        images = unit_range(context.reference.data.x[[error.position for error in errors]]).numpy()
        names = context.data.class_names
        yield "confident_errors", confident_errors_figure(images, errors, names, score, seed=seed)


def _in_vs_out(generated: dict[str, Generated], protocols: dict[str, ProtocolResult], score: str, seed: int) -> Figure:
    panels = [_panel(protocol, generated[protocol], protocols[protocol]) for protocol in PROTOCOLS]
    return in_vs_out_figure(panels, score, seed=seed)


def _panel(protocol: str, made: Generated, found: ProtocolResult) -> InVsOutPanel:
    scores = made.requested.score.numpy(), made.score_out.numpy()
    return InVsOutPanel(PROTOCOL_TITLES[protocol], *scores, found.in_vs_out)


def _overview(context: EvaluationContext, measurements: Measurements, model: ConditionalModel) -> Figure:
    columns = np.linspace(*context.ends, N_COLUMNS).tolist()
    images = along_scores(context, model, columns)
    classes = ShownClasses(context.data.class_names, images.classes.tolist(), "evenly spread over their list")
    panel = _panel("uniform", measurements.generated["uniform"], measurements.protocols["uniform"])
    seed, score = context.settings.seed, context.score.name
    return overview_figure(images.generated, images.real, columns, classes, panel, score, seed=seed)


def _image_figures(context: EvaluationContext, model: ConditionalModel) -> NamedFigures:
    score, seed, names = context.score.name, context.settings.seed, context.data.class_names
    classes = most_uncertain(names, context.own, context.score.high_means)
    for name, images in side_by_side(context, model).items():
        scores = f"{score_label(score)} {interval_text(images.low, images.high)}"
        spread = ShownClasses(names, images.classes.tolist(), "evenly spread over their list")
        yield f"beside_{name}", side_by_side_figure(images.generated, images.real, spread, scores, seed=seed)
    rows = rows_of_classes(score, context.requested_range)
    made = sample_grid(model, classes.labels, rows, seed).transpose(0, 1)
    probability, predicted = predictive_logits(context.target.predict(made.flatten(0, 1))).softmax(dim=1).max(dim=1)
    says = (predicted.view(made.shape[:2]).numpy(), probability.view(made.shape[:2]).numpy())
    yield "two_rows", two_rows_figure(made.cpu().numpy(), rows, *says, classes, score, seed=seed)
    columns = np.linspace(*context.ends, 8).tolist()
    grid = sample_grid(model, classes.labels, columns, seed).cpu().numpy()
    yield "samples", sample_grid_figure(grid, classes, columns, "", score, seed=seed)


def _training_figure(rows: list[dict[str, float]], seed: int) -> Figure:
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if name != "n_images"]
    curves = {
        CURVES.get(name, name.replace("_", " ")): np.array([row.get(name, np.nan) for row in rows]) for name in names
    }
    return training_figure(np.array([row["n_images"] for row in rows]), curves, seed=seed)
