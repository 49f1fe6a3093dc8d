"""The tables of one run."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from uqgen.evaluation.at_sampling import AtSampling
from uqgen.evaluation.by_score import DistanceInBin
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.copies import QUANTILE
from uqgen.evaluation.knobs import Knobs
from uqgen.evaluation.manifold import FEWEST, MEASURES, BesideReal, Manifold
from uqgen.evaluation.measurements import AtStrength, Measurements, SecondScore
from uqgen.evaluation.protocol import PROTOCOLS, ProtocolResult
from uqgen.evaluation.ratio import Ratio
from uqgen.report.page import Table
from uqgen.report.style import score_label, with_interval

PROTOCOL_TITLES = {"data": "asked as in the data", "uniform": "asked uniformly"}
NOT_CORRUPTED = {"none": "not corrupted"}
WAY_TITLES = {
    "corrected": "score fed corrected",
    "best_of": "nearest of several",
    "corrected_best_of": "both",
}


def agreement_table(protocols: dict[str, ProtocolResult]) -> Table:
    """Every number of in against out, with its interval, under both protocols."""
    names = {
        "mae": "mean absolute error",
        "rmse": "root mean square error",
        "bias": "bias (obtained less asked)",
        "pearson": "Pearson correlation",
        "spearman": "Spearman correlation",
        "r2": "coefficient of determination R²",
        "within_005": "share within 0.05",
        "within_01": "share within 0.1",
    }
    results = [protocols[name] for name in PROTOCOLS]
    rows = [[title, *(with_interval(getattr(r.in_vs_out, name)) for r in results)] for name, title in names.items()]
    rows.append(["class agreement", *(with_interval(result.class_agreement) for result in results)])
    header = ["", *(PROTOCOL_TITLES[name] for name in PROTOCOLS)]
    return Table(
        header,
        rows,
        (
            f"In brackets, 95 % bootstrap intervals; n = {results[0].in_vs_out.n:,} each. Class agreement: the share "
            "whose most probable class is the one asked"
        ),
    )


def knobs_table(first: str, second: SecondScore) -> Table:
    """What each of two scores asked, the first of that name, does to either one obtained, under both protocols."""
    labels = {"first": score_label(first), "second": score_label(second.name)}
    rows = []
    for effect in fields(Knobs):
        asked, obtained = effect.name.split("_on_")
        effects = [getattr(second.knobs[name], effect.name) for name in PROTOCOLS]
        cells = [with_interval(number) for found in effects for number in (found.slope, found.pearson)]
        rows.append([f"{labels[asked]} asked on {labels[obtained]} obtained", *cells])
    header = ["", *(f"{what}, {PROTOCOL_TITLES[name]}" for name in PROTOCOLS for what in ("slope", "partial Pearson"))]
    return Table(header, rows, "Class and other score asked held fixed; 95 % bootstrap intervals")


def classifier_table(results: dict[str, Any]) -> Table:
    """Accuracy of the target on every split, and on the test split by corruption and severity."""
    classifier = results["classifier"]
    paper = classifier["paper_accuracy"] or {}
    rows = [[split, f"{value:.3f}", _or_blank(paper.get(split))] for split, value in classifier["accuracy"].items()]
    kinds = classifier["test_by_corruption"]
    for kind in kinds if len(kinds) > 1 else []:
        severity = f", severity {kind['severity']}" if kind["severity"] else ""
        rows.append(
            [
                f"test: {NOT_CORRUPTED.get(kind['corruption'], kind['corruption'])}{severity} (n = {kind['n']:,})",
                f"{kind['accuracy']:.3f}",
                "",
            ]
        )
    return Table(["split", "accuracy", "in the paper"], rows, "Accuracy of the classifier being explained")


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
        ["distance to real training data", "generated", "other real data"],
        rows,
        "The smaller, the more alike. FID and KID, the Fréchet and the kernel inception distance, compare images in "
        "features of a small network; sliced Wasserstein compares points",
    )


def manifold_table(manifold: Manifold) -> Table:
    """Precision, recall, density and coverage at the certain end and in every bin below, beside their floors."""
    rows = []
    for title, part in [("certain end", manifold.certain), *(("", part) for part in reversed(manifold.below))]:
        measured = [found for found in part.classes.values() if found.n]
        name = f"{title + ', ' if title else ''}{part.low:.2g} to {part.high:.2g}"
        cells = ["too few"] * len(MEASURES) if part.mean is None else [_of_floor(part.mean, each) for each in MEASURES]
        sizes = f"{min(f.n for f in measured)} to {max(f.n for f in measured)}" if measured else ""
        rows.append([name, *cells, f"{len(measured)} of {len(part.classes)}", sizes])
    caption = (
        "Means over the classes; in brackets the floor, what other real data reach in place of generated ones. A class "
        f"counts where there are {FEWEST} on each side. Nearest neighbours: k = {manifold.k}"
    )
    return Table(["scores requested", *MEASURES, "classes", "on each side"], rows, caption)


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
            f"distance to real training data, scores {part.low:.2f} to {part.high:.2f} ({_sizes(part)})",
            _optional(part.distance),
            _optional(part.floor),
        ]
        for part in controls.by_score.bins
    ]
    rows.append(["share of copies of training data", f"{copies.share:.3f}", f"{QUANTILE:.3f}"])
    rows.append(
        [
            "distance to the nearest in training (median)",
            f"{copies.median_generated:#.3g}",
            f"{copies.median_real:#.3g}",
        ]
    )
    rows.append(_beside("change of the score by a little noise", fragility.noise))
    if fragility.shift is not None:
        rows.append(_beside("change of the score by a shift of one pixel", fragility.shift))
    caption = (
        "Generated data beside real data of the scores asked. Distances to training data are FID of images and sliced "
        "Wasserstein of points, where there are 200 on every side. "
        "A copy is nearer to training data than 99 % of unseen real data are. docs/method.md defines each line"
    )
    return Table(["", "generated", "real"], rows, caption)


def at_sampling_table(measurements: Measurements, n_correction: int) -> Table:
    """The raw generator and every kind of help at sampling time, under the uniform protocol, with what each costs."""
    alone = measurements.by_strength[0] if measurements.by_strength else measurements.protocols["uniform"]
    ways = measurements.at_sampling
    rows = [["the model alone", "1", *_helped_cells(alone)]]
    rows += [[WAY_TITLES[name], str(way.cost), *_helped_cells(way)] for name, way in ways.items()]
    header = ["", "images drawn for each kept", "MAE", "Pearson", "class agreement", "judges' Pearson (mean)"]
    n_kept = ways["best_of"].in_vs_out.n
    caption = (
        f"Asked uniformly; {alone.in_vs_out.n:,} images of the model alone, {n_kept:,} kept of each other kind; the "
        f"correction was fitted once, on {n_correction:,} other images; 95 % bootstrap intervals"
    )
    return Table(header, rows, caption)


def strength_table(parts: Sequence[AtStrength], milliseconds: float) -> Table:
    """The model alone and under several strengths of guidance; and how long an image took, under the run's strength."""
    header = ["strength", "MAE", "Pearson", "class agreement", "judges' Pearson (mean)", "FID", *MEASURES]
    rows = []
    for part in parts:
        fid = "" if part.realism.images is None else f"{part.realism.images.fid:.2f}"
        mean = None if part.manifold is None else part.manifold.mean
        overlap = [_of_floor(mean, name) if mean else "too few" for name in MEASURES]
        title = "0 (the model alone)" if part.strength == 0 else f"{part.strength:g}"
        rows.append([title, *_helped_cells(part), fid, *overlap])
    caption = (
        f"Scores requested uniformly, {parts[0].in_vs_out.n:,} images under each strength; FID and overlap of as many "
        "requested as in the data, all classes together, in brackets what other real images reach. Made and scored by "
        f"target and judges under the run's own strength, an image took {milliseconds:.1f} ms"
    )
    return Table(header, rows, caption)


def _helped_cells(measured: ProtocolResult | AtSampling | AtStrength) -> list[str]:
    estimates = (measured.in_vs_out.mae, measured.in_vs_out.pearson, measured.class_agreement)
    pearsons = [judge.pearson.value for judge in measured.judges.values()]
    return [*map(with_interval, estimates), f"{np.mean(pearsons):.3f}" if pearsons else ""]


def _of_floor(mean: BesideReal, name: str) -> str:
    both = getattr(mean, name)
    return f"{both.generated:.2f} ({both.real:.2f})"


def _beside(title: str, both: Ratio) -> list[str]:
    return [title, f"{both.generated:#.3g}", f"{both.real:#.3g}"]


def _sizes(part: DistanceInBin) -> str:
    return f"n = {part.n_generated:,} generated, {part.n_real:,} real, {part.n_train:,} in training"


def _optional(distance: float | None) -> str:
    return "too few" if distance is None else f"{distance:#.3g}"


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
