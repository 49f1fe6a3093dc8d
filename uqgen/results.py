"""``python -m uqgen.results``: the page of what every variant of conditioning reaches, from sweeps over them."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import require, require_bool

if TYPE_CHECKING:
    from uqgen.comparison.jobs import Job

log = logging.getLogger("uqgen.results")


def write_results(cfg: DictConfig) -> float:
    """Writes the page and its figures; returns the number of jobs that are not complete.

    Raises:
        SettingError: a sweep's folder does not exist, or no run lies below it, or the page is there and another one.
    """
    from uqgen.comparison.document import document, figure_name  # slow imports, which --help need not wait for
    from uqgen.comparison.jobs import collect_jobs
    from uqgen.comparison.tables import FIGURES
    from uqgen.comparison.variants import compare_jobs
    from uqgen.files import write_atomically
    from uqgen.report.comparison_report import save_figures

    settings = plain(cfg)
    require_bool("replace", settings["replace"])
    _require_list("sweeps", settings["sweeps"], str, "folders of sweeps, as [sweeps/one,sweeps/two]")
    _require_list("choose_by", settings["choose_by"], int, "seeds, as [0,1]")
    require(len(settings["sweeps"]) > 0, "sweeps", "[]", "one folder of a sweep or more")
    page, folders = Path(settings["page"] or ""), [Path(sweep) for sweep in settings["sweeps"]]
    require(not page.is_dir(), "page", page, "the name of a file")
    note = _note(settings["sweeps"], settings["choose_by"])
    may_replace = settings["replace"] or not page.exists() or page.read_bytes().endswith(note.encode())
    require(
        may_replace,
        "page",
        page,
        "a new one, or that of the same sweeps and choose_by; replace=true replaces what is there",
    )
    names = [folder.resolve().name for folder in folders]
    require(len(set(names)) == len(names), "sweeps", settings["sweeps"], "folders with names that differ")
    choosing, comparisons = [], []
    for name, folder in zip(names, folders, strict=True):
        by, reported = _apart(collect_jobs(folder), settings["choose_by"])
        choosing.append(compare_jobs(name, by))
        comparisons.append(compare_jobs(name, reported))
    for comparison in comparisons:
        save_figures(comparison, {kind: page.parent / figure_name(page.stem, comparison, kind) for kind in FIGURES})
    write_atomically(page, (document(comparisons, choosing, page.stem) + note).encode())
    print(f"results: {page.resolve()}")  # noqa: T201
    return float(sum(len(comparison.jobs) - comparison.n_complete for comparison in comparisons))


def _note(sweeps: Sequence[str], choose_by: Sequence[int]) -> str:
    """The last line of a page: the command that writes it again."""
    seeds = f" 'choose_by=[{','.join(map(str, choose_by))}]'" if choose_by else ""
    return f"<!-- python -m uqgen.results 'sweeps=[{','.join(sweeps)}]'{seeds} -->\n"


def _require_list(name: str, given: object, of: type, allowed: str) -> None:
    require(isinstance(given, list) and all(isinstance(each, of) for each in given), name, given, allowed)


def _apart(jobs: "Sequence[Job]", seeds: list[int]) -> "tuple[Sequence[Job], Sequence[Job]]":
    """The jobs of these seeds, which choose a variant, and the others, which are reported; of no seeds all do both."""
    if not seeds:
        return jobs, jobs
    by, reported = ([job for job in jobs if (job.seed in seeds) == chosen] for chosen in (True, False))
    allowed = (
        f"some of the seeds {sorted({job.seed for job in jobs if job.seed is not None})}, of which others are reported"
    )
    require(bool(by and reported), "choose_by", seeds, allowed)
    return by, reported


if __name__ == "__main__":
    run_command("results", write_results)
