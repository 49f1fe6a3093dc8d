"""``python -m uqgen.evaluate run=DIR``: measures a trained run again, and writes its numbers, figures and report."""

from pathlib import Path

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.run_folder import RunFolder


def evaluate_run(cfg: DictConfig) -> float:
    """Loads a run and measures it; returns the mean absolute error under the uniform protocol."""
    from uqgen.logs import log_to  # slow imports, which --help need not wait for
    from uqgen.report.evaluation_report import evaluate
    from uqgen.run import load_run

    settings = plain(cfg)
    run = RunFolder(Path(settings["run"]))
    run.read_settings()  # refuses what is no run, before anything is written
    with run.held():
        loaded = load_run(run, settings["evaluation"], trust_code=settings["trust_code"])
        log_to(run.path / "evaluate.log")
        return evaluate(loaded.experiment, run, loaded.classifiers, loaded.evaluator, loaded.model, loggers=[])


if __name__ == "__main__":
    run_command("evaluate", evaluate_run)
