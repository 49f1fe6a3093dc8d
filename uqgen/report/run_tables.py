"""The tables of one run, made of what results.json holds."""

from collections.abc import Mapping

import numpy as np

from uqgen.evaluation.real_cells import FEWEST
from uqgen.metrics import METRICS, Row
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.overlap import APPEARANCE, MEASURES
from uqgen.metrics.plain import Found, find_at
from uqgen.report.page import Table
from uqgen.report.run_text import NETWORKS, features_of
from uqgen.report.style import score_label, with_interval
from uqgen.run_folder import Plain
from uqgen.score_texts import score_texts

PROTOCOL_TITLES = {"data": "requested as in the data", "uniform": "requested uniformly"}
BESIDE_REAL = {"generated": "generated", "real": "real"}
MOST_SHOWN = 10  # differences of attributes
NOT_CORRUPTED = {"none": "not corrupted"}
WAY_TITLES = {
    "alone": "the model alone",
    "recalibrated": "requested score recalibrated",
    "best_of": "best of k",
    "recalibrated_best_of": "both",
}


def metric_table(
    table: str,
    results: Plain,
    columns: Mapping[str, str],
    caption: str,
    first: str = "",
    words: Mapping[str, str] | None = None,
) -> Table:
    """A table of the metrics that name it, in their order; columns and rows without a number are left out.

    Args:
        table: which, see `Row`.
        results: as results.json holds them.
        columns: what is written above columns; those that metrics name beside them come after.
        caption: what the table shows.
        first: written above the first column.
        words: for the titles of rows: what their fields stand for, and other words for whole titles.
    """
    found: dict[str, dict[str, str]] = {}
    for row in (row for metric in METRICS for row in metric.rows if row.table == table):
        for column, where in row.columns.items():
            for title, text in _cells(row, where, results, words or {}).items():
                found.setdefault(title, {})[column] = text
    rows = {title: cells for title, cells in found.items() if any(cells.values())}
    used = [name for cells in rows.values() for name, text in cells.items() if text]
    names = [name for name in dict.fromkeys([*columns, *used]) if name in used]
    body = [[title, *(cells.get(name, "") for name in names)] for title, cells in rows.items()]
    return Table([first, *(columns.get(name, name) for name in names)], body, caption)


def _cells(row: Row, where: str | float, results: Plain, words: Mapping[str, str]) -> dict[str, str]:
    """The cells of one column, by the title of their row."""
    if not isinstance(where, str):
        return {row.title: row.text.format(where)}
    found: dict[str, list[Found]] = {}
    for each in find_at(results, where):
        title = row.title.format(*each.stars, **{**each.beside, **words})
        found.setdefault(words.get(title, title), []).append(each)
    return {title: _text(row, several) for title, several in found.items()}


def _text(row: Row, found: list[Found]) -> str:
    value = float(np.mean([each.value for each in found]))
    if np.isnan(value):
        return row.missing
    return row.text.format(value, **found[0].beside) if row.text else with_interval(Estimate.read(found[0].node))


def agreement_table(results: Plain, table: str = "agreement") -> Table:
    """Every number of in vs. out, with its interval, under both protocols; of "second score" in its place."""
    n = results["in_vs_out"]["data"]["n"]
    caption = (
        f"In brackets, 95 % bootstrap intervals; n = {n:,} each. Class agreement: the share "
        "whose most probable class is the one requested"
    )
    return metric_table(table, results, PROTOCOL_TITLES, caption)


def class_agreement_table(results: Plain) -> Table:
    """In vs. out of each class, under the uniform protocol."""
    sizes = [part["n"] for part in results["by_class"]["uniform"].values()]
    caption = (
        f"Requested uniformly, {min(sizes):,} to {max(sizes):,} of each class; in brackets, 95 % bootstrap intervals"
    )
    return metric_table("agreement of classes", results, {}, caption, "class requested")


def score_quality_table(results: Plain) -> Table:
    """How well the score tells right predictions from wrong ones on real data, of all classes and of each."""
    found = results["score_quality"]["all"]
    caption = (
        f"{found['n']:,} real {results['evaluation_split']} data, {found['n_errors']:,} errors; rows are the true "
        "classes; in brackets, 95 % bootstrap intervals. AUROC: the higher, the better; everything else: the lower"
    )
    return metric_table("score quality", results, {}, caption, "class")


def disentanglement_table(results: Plain) -> Table:
    """What each of two scores requested does to either one achieved, under both protocols."""
    words = {"first": score_label(results["score"]), "second": score_label(results["second_score"]["name"])}
    numbers = {"slope": "slope", "pearson": "partial Pearson"}
    columns = {f"{key} {p}": f"{what}, {PROTOCOL_TITLES[p]}" for p in PROTOCOL_TITLES for key, what in numbers.items()}
    caption = "Class and other score requested held fixed; 95 % bootstrap intervals"
    return metric_table("disentanglement", results, columns, caption, words=words)


def realism_table(results: Plain) -> Table:
    """Distances of generated from real training data, beside those of other real data."""
    caption = (
        "The smaller, the more alike. FID and KID, the Fréchet and the kernel inception distance, compare images in "
        f"features of {NETWORKS[features_of(results)]}; sliced Wasserstein compares points"
    )
    columns = {"generated": "generated", "real": "other real data"}
    return metric_table("realism", results, columns, caption, "distance to real training data")


def controls_table(results: Plain) -> Table:
    """Every control, generated beside real images."""
    caption = (
        "Generated data beside real data of the scores requested. Distances to training data are FID of images and "
        "sliced Wasserstein of points, where there are 200 on every side. "
        "Memorised data are nearer to training data than 99 % of unseen real data. docs/method.md defines each line"
    )
    return metric_table("controls", results, BESIDE_REAL, caption)


def attributes_table(results: Plain) -> Table:
    """The attributes whose means differ most between generated and real images of a class."""
    found = results["controls"]["attributes"]
    columns = ["attribute", "class", "part of the range", "generated", "real", "difference"]
    parts = {"certain": "certain end", "below": "below it"}
    rows = [
        [
            f"{each['attribute']} ({each['unit']})",
            each["class_name"],
            parts[each["part"]],
            *(f"{each[side]:.3g}" for side in ("generated", "real")),
            with_interval(Estimate.read(each["difference"])),
        ]
        for each in found["each"][:MOST_SHOWN]
    ]
    caption = (
        f"Means over images of a class; the {len(rows)} largest of {len(found['each'])} differences, in standard "
        f"deviations, with 95 % intervals. Of training images in place of generated ones the largest is "
        f"{found['floor']:.2f}"
    )
    return Table(columns, rows, caption)


def at_sampling_table(results: Plain, n_recalibration: int) -> Table:
    """The raw generator and every kind of help at sampling time, under the uniform protocol, with what each costs."""
    ways, parts = results["at_sampling"], ("in_vs_out", "class_agreement", "judges")
    alone = next(iter(results.get("by_strength") or []), {part: results[part]["uniform"] for part in parts})
    caption = (
        f"Requested uniformly; {alone['in_vs_out']['n']:,} images of the model alone, "
        f"{ways['best_of']['in_vs_out']['n']:,} kept of each other kind; the "
        f"recalibration was fitted once, on {n_recalibration:,} other images; 95 % bootstrap intervals"
    )
    shown = {"at_sampling": {"alone": {**alone, "cost": 1}, **ways}}
    return metric_table("at_sampling", shown, {}, caption, words=WAY_TITLES)


def strength_table(results: Plain) -> Table:
    """The model alone and under several strengths of guidance; and how long an image took, under the run's strength."""
    n, seconds = results["by_strength"][0]["in_vs_out"]["n"], results.get("seconds", {}).get("an image", np.nan)
    caption = (
        f"Scores requested uniformly, {n:,} images under each strength; FID and overlap of as many "
        "requested as in the data, all classes together, in brackets what other real images reach. Made and scored by "
        f"target and judges under the run's own strength, an image took {1000 * seconds:.1f} ms"
    )
    return metric_table("by_strength", results, {}, caption, "strength", {"0": "0 (the model alone)"})


def classifier_table(results: Plain) -> Table:
    """Accuracy of the target on every split, and on the test split by corruption and severity."""
    classifier = results["classifier"]
    paper = classifier["paper_accuracy"] or {}
    rows = [
        [split, f"{value:.3f}", f"{paper[split]:.3f}" if split in paper else ""]
        for split, value in classifier["accuracy"].items()
    ]
    kinds = classifier["test_by_corruption"]
    for kind in kinds if len(kinds) > 1 else []:
        severity = f", severity {kind['severity']}" if kind["severity"] else ""
        name = f"test: {NOT_CORRUPTED.get(kind['corruption'], kind['corruption'])}{severity} (n = {kind['n']:,})"
        rows.append([name, f"{kind['accuracy']:.3f}", ""])
    return Table(["split", "accuracy", "in the paper"], rows, "Accuracy of the classifier being explained")


def manifold_table(results: Plain) -> Table:
    """Precision, recall, density and coverage at the certain end and in every bin below, beside their floors."""
    manifold = results["manifold"]
    looks = {title: results[name] for name, title in APPEARANCE.items() if results.get(name)}
    textures = [results["texture"]] if results.get("texture") else []
    shares = ["cluster shares", "cluster shares by texture"][: 1 + len(textures)]
    rows = []
    for number, (title, part) in enumerate(zip(_bin_titles(manifold), _bins(manifold), strict=True)):
        sizes = [found["n"] for found in part["classes"].values() if found["n"]]
        cells = [_beside_real(part["mean"], measure) for measure in MEASURES]
        cells += [_beside_real(_bins(found)[number]["mean"], "precision") for found in looks.values()]
        cells += [_beside_real(_bins(found)[number].get("shares"), "distance") for found in (manifold, *textures)]
        others = ", others as one" if (part.get("rest") or {}).get("n") else ""
        extent = [f"{len(sizes)} of {len(part['classes'])}{others}", f"{min(sizes)} to {max(sizes)}" if sizes else ""]
        rows.append([f"{title}{' to '.join(score_texts([part['low'], part['high']]))}", *cells, *extent])
    caption = (
        "Means over the classes; in brackets the floor, what other real data reach in place of generated ones. A class "
        f"counts where there are {FEWEST} on each side; the verdict judges the others as one. "
        f"Nearest neighbours: k = {manifold['k']}. Cluster "
        "shares: total variation distance from those of real data; the less, the better"
    )
    return Table(["scores requested", *MEASURES, *looks, *shares, "classes", "on each side"], rows, caption)


def _bins(manifold: Plain) -> list[Plain]:
    """The certain end, and the bins below it, from above."""
    return [manifold["certain"], *reversed(manifold["below"])]


def _bin_titles(manifold: Plain) -> list[str]:
    return ["certain end, ", *("" for _ in manifold["below"])]


def _beside_real(mean: Plain | None, measure: str) -> str:
    return f"{mean[measure]['generated']:.2f} ({mean[measure]['real']:.2f})" if mean else "too few"
