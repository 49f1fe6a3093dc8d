"""``python -m uqgen.compare sweep=DIR``: the variants of a sweep, side by side."""

from pathlib import Path

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import require


def compare(cfg: DictConfig) -> float:
    """Compares a sweep; returns the number of its jobs that are not complete."""
    from uqgen.report.comparison_report import compare_sweep  # slow imports, which --help need not wait for

    sweep = plain(cfg)["sweep"]
    require(bool(sweep), "sweep", sweep, "the folder of a sweep")
    comparison = compare_sweep(Path(sweep))
    return float(len(comparison.jobs) - comparison.n_complete)


if __name__ == "__main__":
    run_command("compare", compare)
