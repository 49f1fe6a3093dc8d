"""``python -m uqgen.evaluate run=DIR``: measures a trained run again, and writes its numbers, figures and report."""

from pathlib import Path

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.run_folder import Plain, RunFolder


def evaluate_run(cfg: DictConfig) -> float:
    """Loads a run and measures it; returns the mean absolute error under the uniform protocol.

    With other settings than the run was started with, what it writes has them in its name.
    """
    from uqgen.logs import log_to  # slow imports, which --help need not wait for
    from uqgen.run_loading import load_run, permissions
    from uqgen.run_reports.evaluation import evaluate

    settings = plain(cfg)
    run = RunFolder(Path(settings["run"]))
    run = run.varied(_changes(run.read_settings()["evaluation"], settings["evaluation"]))
    with run.held():
        loaded = load_run(run, settings["evaluation"], **permissions(settings))
        log_to(run.path / "evaluate.log")
        return evaluate(loaded.experiment, run, loaded.classifiers, loaded.evaluator, loaded.model, loggers=[])


def _changes(own: Plain, given: Plain) -> Plain:
    """The settings that are given, and others than the run was started with."""
    from uqgen.evaluation.evaluation_settings import EvaluationSettings

    own = {**vars(EvaluationSettings()), **own}  # one of an earlier version lacks what came later
    return {name: value for name, value in given.items() if value is not None and value != own[name]}


if __name__ == "__main__":
    run_command("evaluate", evaluate_run)
