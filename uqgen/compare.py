"""``python -m uqgen.compare sweep=DIR``: the variants of a sweep, side by side."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.files import write_atomically
from uqgen.logs import log_to

if TYPE_CHECKING:
    from uqgen.comparison.variants import Comparison

log = logging.getLogger("uqgen.compare")


def compare_sweep(folder: Path) -> "Comparison":
    """Compares the runs below a folder, says what came out, and writes tables and figures in `folder/comparison`.

    Args:
        folder: of the sweep; jobs that failed or are not finished are listed.

    Raises:
        SettingError: the folder does not exist, or no run lies below it.
    """
    from rich.console import Console  # slow imports, which --help need not wait for
    from rich.markdown import Markdown

    from uqgen.comparison.jobs import collect_jobs
    from uqgen.comparison.tables import markdown, runs_csv, variants_csv
    from uqgen.comparison.variants import compare_jobs

    comparison = compare_jobs(folder.resolve().name, collect_jobs(folder))
    target, text = folder / "comparison", markdown(comparison)
    tables = {"runs.csv": runs_csv(comparison), "variants.csv": variants_csv(comparison), "comparison.md": text}
    for name, content in tables.items():
        write_atomically(target / name, content.encode())
    log_to(target / "compare.log")
    _draw(comparison, target)
    Console().print(Markdown(text))
    log.info("comparison: %s", (target / "comparison.md").resolve())
    return comparison


def _draw(comparison: "Comparison", target: Path) -> None:
    from uqgen.report.comparison_figures import curves_figure, metrics_figure
    from uqgen.report.saving import save_figure

    if comparison.n_incomplete == len(comparison.jobs):
        log.warning("no job is complete: there are no figures")
        return
    save_figure(metrics_figure(comparison), target / "metrics.png")
    save_figure(curves_figure(comparison), target / "curves.png")


def compare(cfg: DictConfig) -> float:
    """Compares a sweep; returns the number of its jobs that are not complete."""
    return float(compare_sweep(Path(plain(cfg)["sweep"])).n_incomplete)


if __name__ == "__main__":
    run_command("compare", compare)
