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
from uqgen.comparison.variants import Comparison, OverSeeds, Variant
from uqgen.metrics import Metric

ARROWS = {"lower": "↓", "higher": "↑", None: ""}
LEGEND = (
    "Mean over the seeds ± half of its 95 % interval (Student's t; none with one seed), with the number of seeds in "
    "brackets. A seed draws split, target, judges and model, unless a setting holds one of them. ↓: lower is better, "
    "↑: higher is better; the best mean is bold, whether or not the intervals overlap. "
    "Scores were requested uniformly over the reachable range (uniform) or as they are in the data (data)."
)
AGAIN = "The same command runs only what is missing, and goes on with what was begun."
FIGURES = {
    "front": "error against coverage of each variant",
    "metrics": "the main metrics of each variant",
    "curves": "achieved against requested scores",
}


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
    header = ["variant", "seed", "state", "error", *(metric.name for metric in comparison.metrics)]
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
            rows.append([variant.name, metric.name, seeds.n, seeds.mean, seeds.low, seeds.high])
    return _csv(rows)


def markdown(comparison: Comparison) -> str:
    """The variants by the main metrics, the figures, and what is missing."""
    blocks = [f"# {comparison.name}", headline(comparison)]
    if comparison.n_complete:
        blocks += [markdown_table(comparison.variants, columns(comparison.variants, comparison.main_metrics))]
        blocks += [LEGEND, *(f"![{FIGURES[name]}]({name}.png)" for name in comparison.figures)]
    return "\n\n".join([*blocks, *missing(comparison)]) + "\n"


@dataclass(frozen=True)
class Column:
    """One number of every variant.

    Attributes:
        title: what it is, and which way is better.
        cells: one for each variant.
    """

    title: str
    cells: tuple[Cell, ...]


def columns(variants: Sequence[Variant], metrics: Iterable[Metric]) -> list[Column]:
    """Each metric of every variant."""
    return [column(metric, [variant.over_seeds(metric) for variant in variants]) for metric in metrics]


def column(metric: Metric, variants: Sequence[OverSeeds], title: str = "", digits: int | None = None) -> Column:
    """One metric of each variant; the best is marked where there are several.

    Args:
        metric: says which way is better.
        variants: its values.
        title: the metric's, where none is given.
        digits: the metric's, where none are given.
    """
    best = metric.best([seeds.mean for seeds in variants])
    several = sum(seeds.n > 0 for seeds in variants) > 1
    digits = metric.digits if digits is None else digits
    cells = tuple(Cell(_number(seeds, digits), several and seeds.mean == best) for seeds in variants)
    return Column(f"{title or metric.title} {ARROWS[metric.better]}", cells)


def markdown_table(variants: Sequence[Variant], found: Sequence[Column]) -> str:
    """A row for each variant."""
    header = [["variant", *(each.title for each in found)], ["---", *("---:" for _ in found)]]
    cells = [[each.cells[at].markdown for each in found] for at in range(len(variants))]
    rows = [[_code(variant.name), *row] for variant, row in zip(variants, cells, strict=True)]
    return "\n".join(map(markdown_row, [*header, *rows]))


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
    found = columns(comparison.variants, comparison.main_metrics)
    for each in found:
        narrow = max(map(len, [*each.title.split(), "0.02 (10)"]))  # what is left is for the names
        table.add_column(each.title, justify="right", width=narrow)
    for at, variant in enumerate(comparison.variants):
        name = Text(variant.name.replace(",", ",\n"))
        cells = [each.cells[at] for each in found]
        table.add_row(name, *(Text(cell.text, "bold" if cell.is_best else "") for cell in cells))
    return table


def _number(seeds: OverSeeds, digits: int) -> str:
    if seeds.n == 0:
        return "–"  # noqa: RUF001
    size = abs(seeds.mean)
    digits = min(digits, 1 if size >= 10 else 2 if size >= 1 else digits)  # three figures are enough
    interval = "" if math.isnan(seeds.low) else f" ± {seeds.high - seeds.mean:.{digits}f}"
    return f"{seeds.mean:.{digits}f}{interval} ({seeds.n})"


def _line(job: Job) -> str:
    return f"- {_code(job.name)}" + (f": {_code(job.error)}" if job.error else "")


def _code(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "`" + text.replace("`", "'") + "`"


def markdown_row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row])
    return text.getvalue()
