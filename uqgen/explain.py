"""``python -m uqgen.explain run=DIR``: what the classifier's uncertainty looks like, and what explains it."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import SettingError, require

if TYPE_CHECKING:
    from uqgen.explanation.explanation import Explanation
    from uqgen.explanation.settings import ExplanationSettings
    from uqgen.run import Run

log = logging.getLogger("uqgen.explain")


def explain_run(run: "Run", settings: "ExplanationSettings") -> "Explanation":
    """Explains a run: results.json, the figures and sweep.gif in its folder, in `explanation/`, and its report again.

    Args:
        run: a trained run of images.
        settings: sizes and seed.

    Raises:
        SettingError: the run's data are points.
    """
    from uqgen.evaluation.in_vs_out import as_plain  # slow imports, which --help need not wait for
    from uqgen.explanation.explanation import explain
    from uqgen.report.explained_page import write_explained_page
    from uqgen.report.explanation_report import write_figures

    explanation = explain(run, settings)
    folder = run.folder.explanation
    write_figures(folder, explanation, run, settings)
    results = {"run": str(run.folder.path), "score": run.classifiers.score.name, "settings": settings}
    run.folder.write(folder / "results.json", as_plain({**results, **explanation.results()}))
    write_explained_page(run.folder)
    log.info("explanation: %s, and in %s", folder.resolve(), run.folder.report.resolve())
    return explanation


def say(explanation: "Explanation") -> None:
    """Prints what each attribute explains."""
    from rich.console import Console
    from rich.table import Table

    from uqgen.report.explanation_report import shares_rows

    header, *rows = shares_rows(explanation.analysis)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def main(cfg: DictConfig) -> float:
    """Loads a run and explains it; returns the share of the score that attributes explain of generated images."""
    settings = plain(cfg)
    from uqgen.explanation.settings import ExplanationSettings
    from uqgen.logs import log_to
    from uqgen.run import load_run
    from uqgen.run_folder import RunFolder

    try:
        chosen = ExplanationSettings(**settings["explanation"])
    except SettingError as error:
        raise error.under("explanation") from None
    run = load_run(RunFolder(Path(settings["run"])), {"split": settings["split"]})
    require(run.experiment.data.is_image, "run", run.folder.path, "a run of images")
    run.folder.explanation.mkdir(exist_ok=True)
    log_to(run.folder.explanation / "explain.log")
    explanation = explain_run(run, chosen)
    say(explanation)
    return explanation.analysis.sources["generated"].explained["all"].r2.value


if __name__ == "__main__":
    run_command("explain", main)
