"""The page of a run, made of the files in its folder alone: results, figures, and what explains its classifier."""

from dataclasses import dataclass

from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.files import read_json
from uqgen.report.explained_page import explanation_sections
from uqgen.report.page import Command, PageBlock, Paragraph, PictureBlock, Section, Table, write_page
from uqgen.report.run_tables import (
    agreement_table,
    at_sampling_table,
    attributes_table,
    class_agreement_table,
    classifier_table,
    controls_table,
    disentanglement_table,
    manifold_table,
    realism_table,
    score_quality_table,
    strength_table,
)
from uqgen.report.run_text import (
    BESIDE,
    EXPLANATIONS,
    GUIDANCE,
    TRUST,
    distances,
    judges_in_full,
    limits,
    measured_with,
    question,
    summary,
    training_command,
    trust,
)
from uqgen.report.style import score_label
from uqgen.run_folder import Plain, RunFolder
from uqgen.score_texts import score_texts
from uqgen.scores import get_score

GLANCE, QUESTION, IN_VS_OUT, MADE = "At a glance", "The question", "In vs. out", "Generated data"
SECOND, JUDGES, TRAINING = "Second score", "Judges", "Training"
BEFORE_EXPLANATION = (TRUST, GLANCE, QUESTION, IN_VS_OUT)  # sections that come first on the page of an explained run
PAPER_ROWS = {"msp": [1.0, 0.7]}  # figure 3 of the paper; for other scores, the ends of the reachable range


@dataclass(frozen=True)
class Caption:
    """How a figure of a run is presented.

    Attributes:
        section: title of the section it stands in.
        text: shown below it.
        alt: what it shows, for those who do not see it; the text where it is empty.
    """

    section: str
    text: str
    alt: str = ""


def write_run_page(run: RunFolder) -> None:
    """Writes report.html.

    Args:
        run: that was measured, or explained, or both; what was explained with other settings stands beside what the run
            itself was measured to.
    """
    path = run.explanation / "results.json"
    *explained, again = explanation_sections(run, read_json(path, "run")) if path.exists() else [None]
    measured = run if run.results.exists() else RunFolder(run.path)
    if not measured.results.exists():
        title, text = f"uqgen: {run.read_settings()['name']}", "How near the scores achieved come to those requested: "
        sections = [section for section in (*explained, again) if section]
        write_page(run.report, title, f"{text}python -m uqgen.evaluate run={run.path} adds it here.", sections)
        return
    results = measured.read_results()
    sections = measured_sections(measured, results)
    if again is not None:
        before = [section for section in sections if section.title in BEFORE_EXPLANATION]
        after = [section for section in sections if section.title not in BEFORE_EXPLANATION]
        sections = [*before, *explained, *after, again]
    write_page(run.report, f"uqgen: {results['experiment']}", summary(results), sections)


def measured_sections(run: RunFolder, results: Plain) -> list[Section]:
    """What a measured run reached, section by section."""
    settings, figures, tables = run.read_settings(), captions(results), _tables(results, run.read_settings())
    texts = {**EXPLANATIONS, QUESTION: question(results)}
    if results.get("score_quality"):  # earlier versions measured none
        texts[TRUST] = trust(results)
    if results["verdict"]:
        texts[BESIDE] = f"{results['verdict']['text']} {texts[BESIDE]}"
    if results["controls"]:
        texts["Realism"] = " ".join(distances(results))
        if results["real_judges"]:
            texts[JUDGES] = judges_in_full(results)
    blocks: dict[str, list[PageBlock]] = {TRUST: [], GLANCE: [], BESIDE: [], QUESTION: [], IN_VS_OUT: []}
    for name, caption in figures.items():
        if (path := run.figures / f"{name}.png").exists():
            picture = PictureBlock(path.read_bytes(), caption.text, caption.alt or caption.text)
            blocks.setdefault(caption.section, []).append(picture)
    for title, table in tables.items():
        blocks.setdefault(title, []).append(table)
    for title, found in blocks.items():
        if title in texts:
            found.insert(0, Paragraph(texts[title]))
    again = Command(training_command(results["experiment"], settings))
    said = [measured_with(results, run.results.name), *([results["versions"]] if "versions" in results else [])]
    return [
        *(Section(title, found) for title, found in blocks.items() if found),
        Section("Limits", [*map(Paragraph, limits(results))]),
        Section("How to reproduce", [again, *map(Paragraph, said)]),
    ]


def captions(results: Plain) -> dict[str, Caption]:
    """Every figure that a run can have, by the name of its file, in the order of the page."""
    label, split, second = score_label(results["score"]), results["evaluation_split"], results["second_score"]
    beside = (
        f"generated images (left) beside real {split} images (right) of the same class and score; drawn at random, "
        "none selected."
    )
    rows = rows_of_classes(results["score"], (results["support"]["edges"][0], results["support"]["edges"][-1]))
    above, below = score_texts(rows)
    return {
        "score_quality": Caption(
            TRUST,
            "Left, how often the classifier is right by its highest probability; grey, how many images have it. Right, "
            f"its error rate when the images with the least certain {label} are left out.",
        ),
        "confident_errors": Caption(TRUST, f"The errors on real {split} images that {label} finds the most certain."),
        "overview": Caption(
            GLANCE,
            f"Left, generated images: each row has one noise, and {label} goes from certain to uncertain. Middle, real "
            f"images of the same classes and scores. Right, {label} requested against {label} achieved.",
        ),
        "beside_certain": Caption(BESIDE, f"Certain: {beside}"),
        "beside_uncertain": Caption(BESIDE, f"Uncertain: {beside}"),
        "manifold": Caption(
            BESIDE,
            "Generated beside real data of each class and part of the range: 1 is as good as other real data.",
        ),
        "clusters_detail": _clusters("their fine detail, which says where an image is sharp, blurred or noisy"),
        "clusters": _clusters("the texture of the whole image"),
        "in_vs_out": _in_vs_out(IN_VS_OUT, label),
        "in_vs_out_second": _in_vs_out(SECOND, score_label(second["name"]) if second else ""),
        "two_rows": Caption(
            MADE,
            f"Generated images at {label} {above} (above) and {below} (below), with the same noise in a "
            "column; over each, the class the classifier predicts and its probability; figure 3 of the paper.",
        ),
        "samples": Caption(
            MADE,
            f"A class in each row and one noise along it; {label} requested, from the confident end to the uncertain.",
        ),
        "moons": Caption(
            MADE,
            f"Real points by their {label}, generated ones by the {label} requested; figure 2a of the paper.",
        ),
        "distribution": Caption(
            IN_VS_OUT,
            f"{label} of real {split} data, and of generated data that were requested as in the data.",
        ),
        "judges": Caption(
            JUDGES,
            "Classifiers that took no part in the training, on generated data requested as in the data, beside how "
            f"they agree with the target on real {split} data. They do not see what only the target finds uncertain.",
        ),
        "guidance": Caption(
            GUIDANCE,
            "Left, how far the achieved scores are from those requested uniformly; right, what realism and judges "
            "become, as shares of what real images reach.",
        ),
        "training": Caption(TRAINING, "The training, against the real images shown."),
    }


def rows_of_classes(score: str, requested_range: tuple[float, float]) -> list[float]:
    """The scores requested in the two rows of the paper's figure 3, the certain one first."""
    return PAPER_ROWS.get(score, list(get_score(score).certain_first(*requested_range)))


def _clusters(looks: str) -> Caption:
    return Caption(
        BESIDE,
        f"Clusters of the real images of each part of the range by {looks}. Each row shows those nearest to the centre "
        "of one; how many real and how many generated images are in it, which should be as many; and how many of these "
        "lie among other real images of their class, which should be as many, too.",
    )


def _in_vs_out(section: str, label: str) -> Caption:
    return Caption(
        section,
        f"{label} requested of the generator against {label} achieved, that the classifier gives; grey, how often each "
        "was requested (above) and achieved (at the right). Figures 2b and 4 of the paper.",
        f"Scatter of achieved against requested {label} under two protocols, with median, quartiles and the identity.",
    )


def _tables(results: Plain, settings: Plain) -> dict[str, Table]:
    """By the section they stand in."""
    tables = {IN_VS_OUT: agreement_table(results)}
    if results.get("score_quality"):
        tables[TRUST] = score_quality_table(results)
    if results["manifold"]:
        tables[BESIDE] = manifold_table(results)
    if results["second_score"]:
        tables[SECOND] = agreement_table(results, "second score")
        tables["Disentanglement of the two scores"] = disentanglement_table(results)
    if results.get("by_class"):
        tables["In vs. out of each class"] = class_agreement_table(results)
    tables["The classifier"] = classifier_table(results)
    tables["Realism"] = realism_table(results)
    if results["by_strength"]:
        tables[GUIDANCE] = strength_table(results)
    n = settings["evaluation"].get("n_recalibration", EvaluationSettings.n_recalibration)
    tables["At sampling time"] = at_sampling_table(results, results.get("n_images_of_recalibration", n))
    if results["controls"]:
        tables["Controls"] = controls_table(results)
        if results["controls"].get("attributes"):
            tables["Attributes of the images"] = attributes_table(results)
    return tables
