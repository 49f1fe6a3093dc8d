"""docs/results.md: everything that was measured of the variants of conditioning, failures too."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from uqgen.comparison.choice import LOST_CLASSES, choose_variant, costs, fair, front
from uqgen.comparison.tables import (
    LEGEND,
    Column,
    column,
    columns,
    headline,
    markdown_row,
    markdown_table,
    missing,
)
from uqgen.comparison.variants import Comparison, Variant
from uqgen.run_folder import Plain
from uqgen.score_texts import score_texts

REFERENCE = "variant=paper"
THEMES = {"agreement": "In vs. out", "controls": "Controls against cheating", "realism": "Realism"}
INTRODUCTION = """# Results

What each way of conditioning reaches, measured by `make variants`, which trains what is missing and writes this page.
[method.md](method.md) defines every number, and `conf/variant/` holds the settings of every variant; `paper` has
the condition of Le Coz, Herbin and Adjed (2023) and no guidance; its GAN is that of the other variants, but not
conditioned on [kinds of images](method.md#the-condition)."""
CHOICE = """Score error and coverage both count. A variant qualifies if its class agreement is at most {lost} below that
of real images. The front, of variants of which no other one has both a lower error and more coverage, is: {front}.
**{chosen}** is chosen: it has the least sum of two losses, the error as share of that of always achieving the middle
of the range, and the share of the real coverage that is lost. These numbers come from few images at the end of each
training, requested as for the validation split, all classes together. The tables below come from other images."""
SUPPORT = """Real training images of each class (row) and score (column, lower edge of the bin). A generator cannot
learn what is rare or absent here."""


def document(
    comparisons: Sequence[Comparison], choosing: Sequence[Comparison] | None = None, page: str = "results"
) -> str:
    """The page in Markdown, with a section for each sweep; its figures lie in `figure_name`.

    Args:
        comparisons: what the tables report.
        choosing: for each, that by which a variant is chosen, of other seeds or the same; None for the same.
        page: its name, without what follows the last dot.
    """
    sections = (_section(*of_a_sweep, page) for of_a_sweep in zip(comparisons, choosing or comparisons, strict=True))
    return "\n\n".join([INTRODUCTION, LEGEND, *sections]) + "\n"


def figure_name(page: str, comparison: Comparison, kind: str) -> PurePosixPath:
    """Where a figure of a sweep, one of `Comparison.figures`, lies, from the folder of the page of this name."""
    return PurePosixPath(page) / f"{comparison.name}-{kind}.png"


def _section(comparison: Comparison, choosing: Comparison, page: str) -> str:
    blocks = [f"## {comparison.name}", headline(comparison)]
    if comparison.n_complete:
        results = next(job.results for job in comparison.jobs if job.results)
        blocks += [_sizes(comparison.variants, results), *_choice(choosing), *_test(comparison)]
        blocks += [f"![{kind}]({figure_name(page, comparison, kind)})" for kind in comparison.figures]
        blocks += ["### What the data allow", SUPPORT, _support(results["support"])]
    return "\n\n".join([*blocks, *missing(comparison)])


def _sizes(variants: Sequence[Variant], results: Plain) -> str:
    trained = ", ".join(f"`{each.name}` on {n:,}" for each in variants if (n := _number(each, "n_images_trained")))
    measured = sorted({n for each in variants if (n := _number(each, "n_images_evaluated"))})
    sizes = " or ".join(f"{n:,}" for n in measured)
    return (
        f"Real images shown in the training: {trained}. Each run is measured on {sizes} images under each protocol, "
        f"against the {results['evaluation_split']} split."
    )


def _number(variant: Variant, name: str) -> int | None:
    """A number of the first complete job's results; None where no job is complete."""
    return next((job.results[name] for job in variant.complete), None)


def _choice(comparison: Comparison) -> list[str]:
    variants = [variant for variant in comparison.variants if variant.complete]
    chosen = choose_variant(variants)
    found = front(costs(fair(variants), Variant.on_validation))
    unbeaten = ", ".join(f"`{cost.variant.name}`" for cost in found)
    metrics = comparison.main_metrics
    numbers = [column(each, [variant.on_validation(each) for variant in variants]) for each in metrics]
    name = f"`{chosen.name}`" if chosen else "None"
    text = CHOICE.format(lost=LOST_CLASSES, front=unbeaten or "empty", chosen=name)
    jobs = [job for variant in variants for job in variant.complete]
    seeds = ", ".join(str(seed) for seed in sorted({job.seed for job in jobs if job.seed is not None}))
    return [
        "### Chosen on validation",
        f"{text} Seeds that chose it: {seeds}.",
        markdown_table(variants, numbers),
    ]


def _test(comparison: Comparison) -> list[str]:
    variants, blocks = comparison.variants, []
    for theme, title in THEMES.items():
        found = columns(variants, [metric for metric in comparison.metrics if metric.theme == theme])
        if theme == "realism":
            found += _relative(comparison)
        blocks += [f"### {title}", markdown_table(variants, found)]
    return blocks


def _relative(comparison: Comparison) -> list[Column]:
    """Distances from real data divided by the reference's of the same seed."""
    reference = _reference(comparison)
    if reference is None:
        return []
    metrics = [metric for metric in comparison.metrics if metric.relative]
    return [
        column(metric, [v.relative_to(reference, metric) for v in comparison.variants], f"{metric.title} / paper's", 2)
        for metric in metrics
    ]


def _reference(comparison: Comparison) -> Variant | None:
    return next((v for v in comparison.variants if v.name == REFERENCE and v.complete), None)


def _support(found: Plain) -> str:
    edges, counts = found["edges"], found["counts"]
    header = ["class", *score_texts(edges, aligned=True)[:-1]]
    rows = [[str(label), *(f"{count:,}" for count in row)] for label, row in enumerate(counts)]
    return "\n".join(map(markdown_row, [header, ["---:"] * len(header), *rows]))
