"""What a comparison leaves: tables, figures, and what is said at the end of a sweep."""

import logging
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from uqgen.comparison.jobs import collect_jobs
from uqgen.comparison.tables import FIGURES, headline, markdown, missing, runs_csv, terminal_table, variants_csv
from uqgen.comparison.variants import Comparison, compare_jobs
from uqgen.files import write_atomically
from uqgen.logs import log_to
from uqgen.report.comparison_figures import front_figure, metrics_figure, variant_curves_figure
from uqgen.report.saving import save_figure

log = logging.getLogger(__name__)


def compare_sweep(folder: Path) -> Comparison:
    """Compares the runs below a folder, says what came out, and writes tables and figures in `folder/comparison`.

    Args:
        folder: of the sweep; jobs that failed or are not finished are listed.

    Raises:
        SettingError: the folder does not exist, or no run lies below it.
    """
    comparison = compare_jobs(folder.resolve().name, collect_jobs(folder))
    target = folder / "comparison"
    target.mkdir(exist_ok=True)
    log_to(target / "compare.log")
    write_tables(comparison, target)
    save_figures(comparison, {name: target / f"{name}.png" for name in FIGURES})
    print_comparison(comparison)
    log.info("comparison: %s", (target / "comparison.md").resolve())
    return comparison


def write_tables(comparison: Comparison, target: Path) -> None:
    """Writes runs.csv, variants.csv and comparison.md."""
    for name, text in {"runs.csv": runs_csv, "variants.csv": variants_csv, "comparison.md": markdown}.items():
        write_atomically(target / name, text(comparison).encode())


def save_figures(comparison: Comparison, paths: dict[str, Path]) -> None:
    """Draws the figures for which there is something to draw, each to the path of its name; old ones do not stay."""
    for name, draw in {"front": front_figure, "metrics": metrics_figure, "curves": variant_curves_figure}.items():
        if name in comparison.figures:
            save_figure(draw(comparison), paths[name])
        else:
            paths[name].unlink(missing_ok=True)


def print_comparison(comparison: Comparison) -> None:
    """Prints the table, and what is missing."""
    console = Console()
    console.print(headline(comparison))
    if comparison.n_complete:
        console.print(terminal_table(comparison))
    else:
        console.print("There is nothing to compare yet, and there are no figures.")
    console.print("", Markdown("\n\n".join(missing(comparison))), sep="\n")
