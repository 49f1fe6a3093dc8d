"""The figures and the page of one run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.generated import Generated, fixed_noise
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.protocol import PROTOCOLS, ProtocolResult
from uqgen.evaluation.side_by_side import side_by_side
from uqgen.generators.callbacks.history import read_history
from uqgen.generators.callbacks.samples import sample_grid
from uqgen.generators.model import ConditionalModel
from uqgen.report.distribution_figure import distribution_figure
from uqgen.report.explained_page import write_explained_page
from uqgen.report.image_figures import sample_grid_figure, two_rows_figure
from uqgen.report.in_vs_out_figure import InVsOutPanel, in_vs_out_figure
from uqgen.report.judges_figure import JudgeRow, judges_figure
from uqgen.report.manifold_figure import manifold_figure
from uqgen.report.moons_figure import moons_figure
from uqgen.report.page import Command, FigureBlock, Paragraph, Section, write_page
from uqgen.report.run_tables import (
    PROTOCOL_TITLES,
    agreement_table,
    at_sampling_table,
    classifier_table,
    controls_table,
    knobs_table,
    manifold_table,
    realism_table,
    strength_table,
)
from uqgen.report.run_text import (
    BESIDE,
    EXPLANATIONS,
    GUIDANCE,
    distance,
    judges_in_full,
    judges_in_short,
    limits,
    question,
    training_command,
    versions,
)
from uqgen.report.saving import save_figure
from uqgen.report.side_by_side_figure import side_by_side_figure
from uqgen.report.strength_figure import strength_figure
from uqgen.report.style import score_label
from uqgen.report.training_figure import training_figure
from uqgen.run_folder import RunFolder

if TYPE_CHECKING:
    from uqgen.experiment import Experiment

CURVES = {
    "loss": "error of the velocity",
    "d_loss": "discriminator's loss",
    "g_loss": "generator's loss",
    "penalty": "discriminator's penalty",
    "real_logit": "discriminator, of real",
    "fake_logit": "discriminator, of generated",
    "d_enforcement": "enforcement, discriminator",
    "g_enforcement": "enforcement, generator",
    "memory_gib": "memory (GiB)",
}  # where the name of what is logged does not speak for itself
QUESTION = "The question"
PAPER_ROWS = {"msp": [1.0, 0.7]}  # figure 3 of the paper; for other scores, the ends of the reachable range


class NamedFigure(NamedTuple):
    """A figure and how it is presented.

    Attributes:
        name: of its file.
        section: title of the section it stands in.
        figure: the figure.
        caption, alt: what it shows, for those who see it and those who do not.
    """

    name: str
    section: str
    figure: Figure
    caption: str
    alt: str


def write_report(
    run: RunFolder,
    experiment: "Experiment",
    evaluator: Evaluator,
    measurements: Measurements,
    results: dict[str, Any],
    model: ConditionalModel,
) -> None:
    """Writes every figure as a PNG file, and all of them with the numbers as one page.

    Args:
        run: where to write.
        experiment: the parts.
        evaluator: what measured the model.
        measurements: what it measured.
        results: the same as plain values, as results.json holds them.
        model: the trained model.
    """
    figures = list(draw_figures(run, experiment, evaluator, measurements, model))
    for drawn in figures:
        save_figure(drawn.figure, run.figures / f"{drawn.name}.png")
    tables = {"In against out": agreement_table(measurements.protocols)}
    if measurements.manifold is not None:
        tables[BESIDE] = manifold_table(measurements.manifold)
    if measurements.second is not None:
        tables["Second score"] = agreement_table(measurements.second.protocols)
        tables["Two knobs"] = knobs_table(experiment.score.name, measurements.second)
    tables["The classifier"] = classifier_table(results)
    tables["Realism"] = realism_table(measurements)
    if measurements.by_strength:
        tables[GUIDANCE] = strength_table(measurements.by_strength, measurements.milliseconds)
    tables["At sampling time"] = at_sampling_table(measurements, experiment.evaluation.n_correction)
    texts = {name: Paragraph(text) for name, text in EXPLANATIONS.items()}
    noun = "image" if experiment.data.is_image else "point"
    if measurements.controls is not None:
        tables["Controls"] = controls_table(measurements, measurements.controls)
        texts["Realism"] = Paragraph(distance(measurements, noun))
        if measurements.real_judges:
            texts["Judges"] = Paragraph(judges_in_full(experiment.score.name, measurements))
    texts[QUESTION] = Paragraph(question(experiment.score, experiment.data.n_classes, noun))
    sections = []
    for title in dict.fromkeys([BESIDE, QUESTION, "In against out", *(drawn.section for drawn in figures), *tables]):
        said = [texts[title]] if title in texts else []
        blocks = [FigureBlock(d.figure, d.caption, d.alt) for d in figures if d.section == title]
        sections.append(Section(title, [*said, *blocks, *([tables[title]] if title in tables else [])]))
    sections.append(Section("Limits", [*map(Paragraph, limits(experiment.score.name, results["support"], noun))]))
    again = Command(training_command(experiment.name, run.read_settings()))
    sections.append(Section("How to reproduce", [again, Paragraph(measured(results)), Paragraph(versions())]))
    write_page(run.report, f"uqgen: {experiment.name}", summary(experiment, measurements, noun), sections)
    if (run.explanation / "results.json").exists():
        write_explained_page(run)


def draw_figures(
    run: RunFolder, experiment: "Experiment", evaluator: Evaluator, measurements: Measurements, model: ConditionalModel
) -> Iterator[NamedFigure]:
    """Draws the figures of a run, in the order of the page."""
    score, seed, data = experiment.score.name, experiment.evaluation.seed, experiment.data
    label = score_label(score)
    if data.is_image:
        yield from _side_by_side(evaluator, model)
    if measurements.manifold is not None:
        caption = "Generated beside real data of each class and part of the range: 1 is as good as other real data."
        yield NamedFigure(
            "manifold", BESIDE, manifold_figure(measurements.manifold, score, seed=seed), caption, caption
        )
    drawn = _in_vs_out(measurements.generated, measurements.protocols, score, seed)
    yield NamedFigure("in_vs_out", "In against out", *drawn)
    if (second := measurements.second) is not None:
        made = {name: images.second for name, images in measurements.generated.items() if images.second is not None}
        drawn = _in_vs_out(made, second.protocols, second.name, seed)
        yield NamedFigure("in_vs_out_second", "Second score", *drawn)
    if data.is_image:
        yield from _image_figures(experiment, evaluator, model)
    else:
        generated = measurements.generated["data"]
        real_score, asked = evaluator.own.score.numpy(), generated.asked.score.numpy()
        figure = moons_figure(data.train.x.numpy(), real_score, generated.x.numpy(), asked, score, seed=seed)
        caption = f"Real points by their {label}, generated ones by the {label} asked; figure 2a of the paper."
        yield NamedFigure("moons", "Generated data", figure, caption, caption)
    real = evaluator.reference.score.numpy()
    fake = measurements.generated["data"].score_out.numpy()
    split = experiment.evaluation.split
    caption = f"{label} of real {split} data, and of generated data that were asked for as in the training data."
    yield NamedFigure(
        "distribution", "In against out", distribution_figure(real, fake, score, seed=seed), caption, caption
    )
    if measurements.real_judges:
        rows = [
            JudgeRow(name, measurements.protocols["data"].judges[name], on_real)
            for name, on_real in measurements.real_judges.items()
        ]
        caption = (
            "Classifiers that took no part in the training, on generated data asked as in the data, beside how they "
            f"agree with the target on real {split} data: what only the target finds uncertain would be lost on them."
        )
        figure = judges_figure(rows, seed=seed)
        yield NamedFigure("judges", "Judges", figure, caption, caption)
    if len(measurements.by_strength) > 1:
        yield _strength_figure(measurements, seed)
    history = read_history(run.training / "history.csv")
    if history:
        yield _training_figure(history, experiment.model.training.seed)


def _strength_figure(measurements: Measurements, seed: int) -> NamedFigure:
    assert measurements.controls is not None
    on_real = [judge.pearson.value for judge in measurements.controls.matched_real.judges.values()]
    figure = strength_figure(measurements.by_strength, float(np.mean(on_real)) if on_real else np.nan, seed=seed)
    caption = (
        "Left, how far the achieved scores are from those requested uniformly; right, how the images and the judges "
        "take it, as shares of what real images reach."
    )
    return NamedFigure("guidance", GUIDANCE, figure, caption, caption)


def _in_vs_out(
    generated: dict[str, Generated], protocols: dict[str, ProtocolResult], score: str, seed: int
) -> tuple[Figure, str, str]:
    """The figure, its caption and its text."""
    panels = [
        InVsOutPanel(
            PROTOCOL_TITLES[protocol],
            generated[protocol].asked.score.numpy(),
            generated[protocol].score_out.numpy(),
            protocols[protocol].in_vs_out,
        )
        for protocol in PROTOCOLS
    ]
    label = score_label(score)
    return (
        in_vs_out_figure(panels, score, seed=seed),
        f"{label} asked of the generator against {label} obtained from the classifier; grey, how often each was asked "
        "(above) and obtained (at the right). Figures 2b and 4 of the paper.",
        f"Scatter of obtained against asked {label} under two protocols, with median, quartiles and the identity.",
    )


def _side_by_side(evaluator: Evaluator, model: ConditionalModel) -> Iterator[NamedFigure]:
    label, seed = score_label(evaluator.score.name), evaluator.settings.seed
    for name, images in side_by_side(evaluator, model).items():
        scores = f"{label} {images.low:.2f} to {images.high:.2f}"
        classes = [evaluator.data.class_names[each] for each in images.classes]
        figure = side_by_side_figure(images.generated, images.real, classes, scores, seed=seed)
        caption = (
            f"{name.capitalize()}: generated images (left) beside real {evaluator.settings.split} images (right) of "
            f"the same class and score, {scores}; drawn at random, none selected."
        )
        yield NamedFigure(f"beside_{name}", BESIDE, figure, caption, caption)


def _image_figures(experiment: "Experiment", evaluator: Evaluator, model: ConditionalModel) -> Iterator[NamedFigure]:
    score, seed, data = experiment.score, experiment.evaluation.seed, experiment.data
    label = score_label(score.name)
    low, high = evaluator.asked_range
    rows = PAPER_ROWS.get(score.name, [high, low] if score.high_means == "confident" else [low, high])
    images, _ = fixed_noise(model, data.n_classes, rows, seed)
    probability, predicted = predictive_logits(evaluator.target.predict(images)).softmax(dim=1).max(dim=1)
    shape = (len(rows), data.n_classes)
    pixels = images.unflatten(0, shape).cpu().numpy()
    says = (predicted.view(shape).numpy(), probability.view(shape).numpy())
    figure = two_rows_figure(pixels, rows, *says, data.class_names, score.name, seed=seed)
    caption = (
        f"Generated images at {label} {rows[0]:g} (above) and {rows[1]:g} (below), with the same noise in a column; "
        "over each, the class the classifier predicts and its probability; figure 3 of the paper."
    )
    yield NamedFigure("two_rows", "Generated data", figure, caption, caption)
    ends = (high, low) if score.high_means == "confident" else (low, high)
    columns = np.linspace(*ends, 8).round(3).tolist()
    grid = sample_grid(model, data.n_classes, columns, seed).cpu().numpy()
    caption = f"A class in each row and one noise along it; {label} asked from the confident end to the uncertain one."
    figure = sample_grid_figure(grid, data.class_names, columns, "", score.name, seed=seed)
    yield NamedFigure("samples", "Generated data", figure, caption, caption)


def _training_figure(history: list[dict[str, float]], seed: int) -> NamedFigure:
    names = [name for name in dict.fromkeys(key for row in history for key in row) if name != "n_images"]
    curves = {
        CURVES.get(name, name.replace("_", " ")): np.array([row.get(name, np.nan) for row in history]) for name in names
    }
    figure = training_figure(np.array([row["n_images"] for row in history]), curves, seed=seed)
    caption = "The training, against the real images shown."
    return NamedFigure("training", "Training", figure, caption, caption)


def summary(experiment: "Experiment", measurements: Measurements, noun: str) -> str:
    """What to take home, a line for each thing.

    Args:
        experiment: the parts.
        measurements: what was measured.
        noun: "image" or "point", of the data.
    """
    label, result, controls = (
        score_label(experiment.score.name),
        measurements.protocols["uniform"],
        measurements.controls,
    )
    low, high = (f"{edge:g}" for edge in (result.in_vs_out.curve[0].low, result.in_vs_out.curve[-1].high))
    lines = [] if measurements.verdict is None else [measurements.verdict.text]
    lines.append(
        f"Asked for {label} from {low} to {high}, the generator's {noun}s obtain it with a mean absolute error of "
        f"{_number(result.in_vs_out.mae)} and a Pearson correlation of {_number(result.in_vs_out.pearson)}."
    )
    agreement = {name: measurements.protocols[name].class_agreement.value for name in PROTOCOLS}
    taken = (
        f"Taken for the class asked: {agreement['data']:.3f} of those asked as in the data, {agreement['uniform']:.3f} "
        "of those asked uniformly"
    )
    if controls is None:
        return "\n".join([*lines, f"{taken}."])
    real = {name: found.value for name, found in controls.matched_real.class_agreement.items()}
    lines.append(f"{taken}; of real {noun}s with the same scores {real['data']:.3f} and {real['uniform']:.3f}.")
    if measurements.real_judges:
        lines.append(judges_in_short(measurements))
    return "\n".join([*lines, distance(measurements, noun)])


def measured(results: dict[str, Any]) -> str:
    """What a run was measured with, and where its numbers are."""
    n_images, n_trained = results["n_images_evaluated"], results["n_images_trained"]
    return (
        f"All settings are in config.json beside this page, all numbers in results.json. Measured on {n_images:,} "
        f"generated data under each protocol, beside real {results['evaluation_split']} data, after {n_trained:,} "
        f"shown in training; seed of the training {results['seed']}, of the evaluation {results['evaluation_seed']}."
    )


def _number(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} (95 %: {estimate.low:.3f} to {estimate.high:.3f})"
