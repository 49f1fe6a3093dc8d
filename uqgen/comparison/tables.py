"""A comparison as files: two tables for programs, one page for people."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from uqgen.comparison.jobs import Job, State
from uqgen.comparison.metrics import Metric
from uqgen.comparison.variants import Comparison, OverSeeds

ARROWS = {"lower": "↓", "higher": "↑"}
LEGEND = (
    "Mean over the seeds ± half of its 95 % interval (Student's t; none with one seed), with the number of seeds in "
    "brackets. ↓: lower is better, ↑: higher is better; the best mean is bold, whether or not the intervals overlap."
)
AGAIN = "The same command runs only what is missing, and goes on with what was begun."


def runs_csv(comparison: Comparison) -> str:
    """One line for each job: variant, seed, state, error and every metric; empty where there is none."""
    header = ["variant", "seed", "state", "error", *(metric.key for metric in comparison.metrics)]
    rows = [
        [job.variant, job.seed, job.state, job.error, *(metric.of(job.results) for metric in comparison.metrics)]
        for job in comparison.jobs
    ]
    return _csv([header, *rows])


def variants_csv(comparison: Comparison) -> str:
    """One line for each variant and metric: number of seeds, mean and its 95 % interval; empty where there is none."""
    rows: list[Sequence[object]] = [["variant", "metric", "n", "mean", "low", "high"]]
    for variant in comparison.variants:
        for metric in comparison.metrics:
            seeds = variant.over_seeds(metric)
            rows.append([variant.name, metric.key, seeds.n, seeds.mean, seeds.low, seeds.high])
    return _csv(rows)


def markdown(comparison: Comparison) -> str:
    """The variants by the main metrics, and what is missing."""
    jobs = comparison.jobs
    n_complete = len(jobs) - comparison.n_incomplete
    blocks = [f"# {comparison.name}", f"{n_complete} of {len(jobs)} jobs are complete."]
    if n_complete:
        blocks += ["\n".join(_table(comparison)), LEGEND]
    for state in (State.FAILED, State.UNFINISHED):
        if lines := [_line(job) for job in jobs if job.state == state]:
            blocks += [f"## {state.capitalize()} jobs", "\n".join(lines)]
    if comparison.n_incomplete:
        blocks += ["## To complete the sweep", AGAIN]
    return "\n\n".join(blocks) + "\n"


def _table(comparison: Comparison) -> Iterable[str]:
    metrics = comparison.main_metrics
    yield _row(["variant", *(f"{metric.title} {ARROWS[metric.better]}" for metric in metrics)])
    yield _row(["---", *("---:" for _ in metrics)])
    columns = [_column(comparison, metric) for metric in metrics]
    for position, variant in enumerate(comparison.variants):
        yield _row([_code(variant.name), *(column[position] for column in columns)])


def _column(comparison: Comparison, metric: Metric) -> list[str]:
    """The cells of one metric; the best is bold where there are several."""
    variants = [variant.over_seeds(metric) for variant in comparison.variants]
    best = metric.best([seeds.mean for seeds in variants])
    several = sum(seeds.n > 0 for seeds in variants) > 1
    cells = [_cell(seeds, metric.digits) for seeds in variants]
    return [
        f"**{cell}**" if several and seeds.mean == best else cell for cell, seeds in zip(cells, variants, strict=True)
    ]


def _cell(seeds: OverSeeds, digits: int) -> str:
    if seeds.n == 0:
        return "–"  # noqa: RUF001
    interval = "" if math.isnan(seeds.low) else f" ± {seeds.high - seeds.mean:.{digits}f}"
    return f"{seeds.mean:.{digits}f}{interval} ({seeds.n})"


def _line(job: Job) -> str:
    return f"- {_code(job.name)}" + (f": {_code(job.error)}" if job.error else "")


def _code(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "`" + text.replace("`", "'") + "`"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row])
    return text.getvalue()
