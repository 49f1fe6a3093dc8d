"""The figures and the page of one run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.evaluation.at_sampling import AtSampling
from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.by_score import DistanceInBin
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.copies import QUANTILE
from uqgen.evaluation.generated import fixed_noise
from uqgen.evaluation.measure import PROTOCOLS, Evaluator, Measurements, ProtocolResult
from uqgen.evaluation.ratio import Ratio
from uqgen.gan.callbacks.history import read_history
from uqgen.gan.callbacks.samples import sample_grid
from uqgen.gan.module import ConditionalGAN
from uqgen.report.distribution_figure import distribution_figure
from uqgen.report.image_figures import sample_grid_figure, two_rows_figure
from uqgen.report.in_vs_out_figure import InVsOutPanel, in_vs_out_figure
from uqgen.report.judges_figure import JudgeRow, judges_figure
from uqgen.report.moons_figure import moons_figure
from uqgen.report.page import FigureBlock, Paragraph, Section, Table, write_page
from uqgen.report.saving import save_figure
from uqgen.report.style import score_label, with_interval
from uqgen.report.training_figure import training_figure
from uqgen.run_folder import RunFolder

if TYPE_CHECKING:
    from uqgen.experiment import Experiment

PROTOCOL_TITLES = {"data": "asked as in the data", "uniform": "asked uniformly"}
WAY_TITLES = {
    "corrected": "score fed corrected",
    "best_of": "nearest of several",
    "corrected_best_of": "both: fed corrected, nearest to the asked kept",
}
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
    gan: ConditionalGAN,
) -> None:
    """Writes every figure as a PNG file, and all of them with the numbers as one page.

    Args:
        run: where to write.
        experiment: the parts.
        evaluator: what measured the GAN.
        measurements: what it measured.
        results: the same as plain values, as results.json holds them.
        gan: the trained GAN.
    """
    figures = list(draw_figures(run, experiment, evaluator, measurements, gan))
    for drawn in figures:
        save_figure(drawn.figure, run.figures / f"{drawn.name}.png")
    tables = {"In against out": agreement_table(measurements), "The classifier": classifier_table(results)}
    tables["Realism"] = realism_table(measurements)
    tables["At sampling time"] = at_sampling_table(measurements, experiment.evaluation.n_correction)
    if measurements.controls is not None:
        tables["Controls"] = controls_table(measurements, measurements.controls)
    sections = []
    for title in dict.fromkeys(["In against out", *(drawn.section for drawn in figures), *tables]):
        blocks = [FigureBlock(d.figure, d.caption, d.alt) for d in figures if d.section == title]
        sections.append(Section(title, [*blocks, *([tables[title]] if title in tables else [])]))
    sections.append(Section("How to reproduce", [Paragraph(reproduction(experiment, results))]))
    write_page(run.report, f"uqgen: {experiment.name}", summary(experiment, measurements), sections)


def draw_figures(
    run: RunFolder, experiment: "Experiment", evaluator: Evaluator, measurements: Measurements, gan: ConditionalGAN
) -> Iterator[NamedFigure]:
    """Draws the figures of a run, in the order of the page."""
    score, seed, data = experiment.score.name, experiment.evaluation.seed, experiment.data
    label = score_label(score)
    panels = [
        InVsOutPanel(
            PROTOCOL_TITLES[name],
            measurements.generated[name].asked.score.numpy(),
            measurements.generated[name].score_out.numpy(),
            measurements.protocols[name].in_vs_out,
        )
        for name in PROTOCOLS
    ]
    yield NamedFigure(
        "in_vs_out",
        "In against out",
        in_vs_out_figure(panels, score, seed=seed),
        f"{label} asked of the generator against {label} obtained from the classifier; figures 2b and 4 of the paper.",
        f"Scatter of obtained against asked {label} under two protocols, with median, quartiles and the identity.",
    )
    if data.is_image:
        yield from _image_figures(experiment, evaluator, gan)
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
    history = read_history(run.training / "history.csv")
    if history:
        yield _training_figure(history, experiment.training.seed)


def _image_figures(experiment: "Experiment", evaluator: Evaluator, gan: ConditionalGAN) -> Iterator[NamedFigure]:
    score, seed, data = experiment.score, experiment.evaluation.seed, experiment.data
    label = score_label(score.name)
    low, high = evaluator.asked_range
    rows = PAPER_ROWS.get(score.name, [high, low] if score.high_means == "confident" else [low, high])
    images, _ = fixed_noise(gan, data.n_classes, rows, seed)
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
    grid = sample_grid(gan, data.n_classes, columns, seed).cpu().numpy()
    caption = f"A class in each row and one noise along it; {label} asked from the confident end to the uncertain one."
    figure = sample_grid_figure(grid, data.class_names, columns, "", score.name, seed=seed)
    yield NamedFigure("samples", "Generated data", figure, caption, caption)


def _training_figure(history: list[dict[str, float]], seed: int) -> NamedFigure:
    names = [name for name in dict.fromkeys(key for row in history for key in row) if name != "n_images"]
    curves = {name.replace("_", " "): np.array([row.get(name, np.nan) for row in history]) for name in names}
    figure = training_figure(np.array([row["n_images"] for row in history]), curves, seed=seed)
    caption = "The GAN's training, against the images shown to the discriminator."
    return NamedFigure("training", "Training", figure, caption, caption)


def agreement_table(measurements: Measurements) -> Table:
    """Every number of in against out, with its interval, under both protocols."""
    names = {
        "mae": "mean absolute error",
        "rmse": "root mean square error",
        "bias": "bias (obtained less asked)",
        "pearson": "Pearson correlation",
        "spearman": "Spearman correlation",
        "r2": "R2",
        "within_005": "share within 0.05",
        "within_01": "share within 0.1",
    }
    results = [measurements.protocols[name] for name in PROTOCOLS]
    rows = [[title, *(with_interval(getattr(r.in_vs_out, name)) for r in results)] for name, title in names.items()]
    rows.append(["class agreement", *(with_interval(result.class_agreement) for result in results)])
    header = ["", *(PROTOCOL_TITLES[name] for name in PROTOCOLS)]
    return Table(header, rows, f"95 % bootstrap intervals; {results[0].in_vs_out.n:,} images each")


def classifier_table(results: dict[str, Any]) -> Table:
    """Accuracy of the target on every split, and on the test split by corruption and severity."""
    classifier = results["classifier"]
    paper = classifier["paper_accuracy"] or {}
    rows = [[split, f"{value:.3f}", _or_blank(paper.get(split))] for split, value in classifier["accuracy"].items()]
    for kind in classifier["test_by_corruption"]:
        severity = f", severity {kind['severity']}" if kind["severity"] else ""
        rows.append([f"test: {kind['corruption']}{severity} ({kind['n']:,})", f"{kind['accuracy']:.3f}", ""])
    return Table(["split", "accuracy", "in the paper"], rows, "The classifier being explained")


def realism_table(measurements: Measurements) -> Table:
    """Distances of generated from real training data, beside those of other real data."""
    realism = measurements.realism
    if realism.images is None or realism.images_floor is None:
        row = ["sliced Wasserstein", f"{realism.sliced_wasserstein:.4f}", f"{realism.sliced_wasserstein_floor:.4f}"]
        rows = [row]
    else:
        ours, floor = realism.images, realism.images_floor
        rows = [
            ["FID", f"{ours.fid:.2f}", f"{floor.fid:.2f}"],
            ["KID", f"{ours.kid:.4f}", f"{floor.kid:.4f}"],
        ]
    return Table(
        ["distance to real training data", "generated", "other real data"], rows, "The smaller, the more alike"
    )


def controls_table(measurements: Measurements, controls: Controls) -> Table:
    """Every control, generated beside real images."""
    matched, copies, fragility = controls.matched_real, controls.copies, controls.fragility
    rows = [
        [
            f"class agreement, {PROTOCOL_TITLES[name]}",
            with_interval(measurements.protocols[name].class_agreement),
            with_interval(real),
        ]
        for name, real in matched.class_agreement.items()
    ]
    judges = measurements.protocols["uniform"].judges
    rows += [
        [f"Pearson correlation with {name}", with_interval(judges[name].pearson), with_interval(real.pearson)]
        for name, real in matched.judges.items()
    ]
    rows += [
        [
            f"distance, scores {part.low:.2f} to {part.high:.2f}{_sizes(part)}",
            _optional(part.distance),
            _optional(part.floor),
        ]
        for part in controls.by_score.bins
    ]
    rows += [_beside(f"diversity, score {point.score:.2f}", point.distance) for point in controls.diversity.by_score]
    rows.append(["share of copies", f"{copies.share:.3f}", f"{QUANTILE:.3f}"])
    rows.append(
        ["distance to the nearest training image", f"{copies.median_generated:.3f}", f"{copies.median_real:.3f}"]
    )
    rows.append(_beside("change of score by noise", fragility.noise))
    if fragility.shift is not None:
        rows.append(_beside("change of score by a shift", fragility.shift))
    caption = (
        "Generated data beside real data of the scores asked. Distances within parts of the range are FID of images, "
        "sliced Wasserstein of points; only where there are 200 on every side. docs/method.md defines each line."
    )
    return Table(["", "generated", "real"], rows, caption)


def at_sampling_table(measurements: Measurements, n_correction: int) -> Table:
    """The raw generator and every kind of help at sampling time, under the uniform protocol, with what each costs."""
    raw, ways = measurements.protocols["uniform"], measurements.at_sampling
    rows = [["raw generator", "1", *_helped_cells(raw)]]
    rows += [[WAY_TITLES[name], str(way.cost), *_helped_cells(way)] for name, way in ways.items()]
    header = ["", "images drawn for each kept", "MAE", "Pearson", "class agreement", "judges' Pearson (mean)"]
    n_kept = ways["best_of"].in_vs_out.n
    caption = (
        f"Asked uniformly; {raw.in_vs_out.n:,} images of the raw generator, {n_kept:,} kept of each other kind; the "
        f"correction was fitted once, on {n_correction:,} other images; 95 % bootstrap intervals"
    )
    return Table(header, rows, caption)


def summary(experiment: "Experiment", measurements: Measurements) -> str:
    """What to take home, in two sentences."""
    label, result = score_label(experiment.score.name), measurements.protocols["uniform"]
    low, high = (f"{edge:g}" for edge in (result.in_vs_out.curve[0].low, result.in_vs_out.curve[-1].high))
    return (
        f"Asked for {label} from {low} to {high}, the generator's images obtain it with a mean absolute error of "
        f"{_number(result.in_vs_out.mae)} and a Pearson correlation of {_number(result.in_vs_out.pearson)}. "
        "Asked as in the data, a share of "
        f"{_number(measurements.protocols['data'].class_agreement)} is taken for the class asked."
    )


def reproduction(experiment: "Experiment", results: dict[str, Any]) -> str:
    """The command that makes this run again, and what it was measured with."""
    n_images, n_trained = results["n_images_evaluated"], results["n_images_trained"]
    command = f"python -m uqgen.train experiment={experiment.name} seed={results['seed']}"
    return (
        f"{command}; all settings are in config.json beside this page, all numbers in results.json. Measured on "
        f"{n_images:,} generated images under each protocol, beside real {results['evaluation_split']} data, after "
        f"{n_trained:,} training images, evaluation seed {results['evaluation_seed']}."
    )


def _helped_cells(measured: ProtocolResult | AtSampling) -> list[str]:
    estimates = (measured.in_vs_out.mae, measured.in_vs_out.pearson, measured.class_agreement)
    pearsons = [judge.pearson.value for judge in measured.judges.values()]
    return [*map(with_interval, estimates), f"{np.mean(pearsons):.3f}" if pearsons else ""]


def _number(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} (95 %: {estimate.low:.2f} to {estimate.high:.2f})"


def _beside(title: str, both: Ratio) -> list[str]:
    return [title, f"{both.generated:.4f}", f"{both.real:.4f}"]


def _sizes(part: DistanceInBin) -> str:
    return f" ({part.n_generated:,}; {part.n_real:,}; {part.n_train:,} in training)"


def _optional(distance: float | None) -> str:
    return "too few" if distance is None else f"{distance:.4g}"


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
