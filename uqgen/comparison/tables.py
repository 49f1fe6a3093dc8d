"""A comparison as text: two tables for programs; a page and a table on the terminal for people."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from uqgen.comparison.jobs import Job, State
from uqgen.comparison.metrics import Metric
from uqgen.comparison.variants import Comparison, OverSeeds

ARROWS = {"lower": "↓", "higher": "↑"}
LEGEND = (
    "Mean over the seeds ± half of its 95 % interval (Student's t; none with one seed), with the number of seeds in "
    "brackets. ↓: lower is better, ↑: higher is better; the best mean is bold, whether or not the intervals overlap. "
    "Scores were asked uniformly over the reachable range (uniform) or as they are in the data (data)."
)
AGAIN = "The same command runs only what is missing, and goes on with what was begun."
FIGURES = ("![the main metrics of each variant](metrics.png)", "![obtained against asked scores](curves.png)")


@dataclass(frozen=True)
class Cell:
    """What a table says of one variant and metric.

    Attributes:
        text: mean, interval and number of seeds.
        is_best: whether no other variant's mean is better.
    """

    text: str
    is_best: bool

    @property
    def markdown(self) -> str:
        """The text, bold where it is the best."""
        return f"**{self.text}**" if self.is_best else self.text


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
    """The variants by the main metrics, the figures, and what is missing."""
    blocks = [f"# {comparison.name}", headline(comparison)]
    if comparison.n_complete:
        metrics, rows = comparison.main_metrics, zip(comparison.variants, *_columns(comparison), strict=True)
        lines = [[_code(variant.name), *(cell.markdown for cell in cells)] for variant, *cells in rows]
        header = [["variant", *map(_title, metrics)], ["---", *("---:" for _ in metrics)]]
        blocks += ["\n".join(map(_row, [*header, *lines])), LEGEND, *FIGURES]
    return "\n\n".join([*blocks, *missing(comparison)]) + "\n"


def headline(comparison: Comparison) -> str:
    """How many jobs are complete."""
    return f"{comparison.n_complete} of {len(comparison.jobs)} jobs are complete."


def missing(comparison: Comparison) -> list[str]:
    """The jobs that failed or are not finished, in paragraphs of Markdown; nothing if all are complete."""
    blocks = []
    for state in (State.FAILED, State.UNFINISHED):
        if lines := [_line(job) for job in comparison.jobs if job.state == state]:
            blocks += [f"## {state.capitalize()} jobs", "\n".join(lines)]
    return [*blocks, "## To complete the sweep", AGAIN] if blocks else []


def terminal_table(comparison: Comparison) -> Table:
    """The variants by the main metrics, fit for 80 letters a line."""
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("variant", overflow="fold")
    for metric in comparison.main_metrics:
        narrow = max(map(len, [*_title(metric).split(), "0.02 (10)"]))  # what is left is for the names
        table.add_column(_title(metric), justify="right", width=narrow)
    for variant, *cells in zip(comparison.variants, *_columns(comparison), strict=True):
        name = Text(variant.name.replace(",", ",\n"))
        table.add_row(name, *(Text(cell.text, "bold" if cell.is_best else "") for cell in cells))
    return table


def _columns(comparison: Comparison) -> list[list[Cell]]:
    return [_column([v.over_seeds(metric) for v in comparison.variants], metric) for metric in comparison.main_metrics]


def _column(variants: Sequence[OverSeeds], metric: Metric) -> list[Cell]:
    """One metric of each variant; the best is marked where there are several."""
    best = metric.best([seeds.mean for seeds in variants])
    several = sum(seeds.n > 0 for seeds in variants) > 1
    return [Cell(_number(seeds, metric.digits), several and seeds.mean == best) for seeds in variants]


def _number(seeds: OverSeeds, digits: int) -> str:
    if seeds.n == 0:
        return "–"  # noqa: RUF001
    interval = "" if math.isnan(seeds.low) else f" ± {seeds.high - seeds.mean:.{digits}f}"
    return f"{seeds.mean:.{digits}f}{interval} ({seeds.n})"


def _title(metric: Metric) -> str:
    return f"{metric.title} {ARROWS[metric.better]}"


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
