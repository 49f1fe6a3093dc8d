"""``python -m uqgen.train experiment=mnist_corrupt``: one experiment, from the data to the report."""

import logging
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import build, plain, remember_code, run_command
from uqgen.logs import log_to
from uqgen.run_folder import Plain, RunFolder

if TYPE_CHECKING:
    from uqgen.experiment import Experiment

log = logging.getLogger("uqgen.train")


def train(cfg: DictConfig) -> float:
    """Trains the classifiers and the generative model, measures in vs. out and writes the report.

    A run that was stopped goes on where it stopped; one that is complete is left as it is.

    Returns:
        Mean absolute error of the achieved scores under the uniform protocol, for sweeps that look for the best.
    """
    from uqgen import distributed  # imports torch, which --help need not wait for

    settings = plain(cfg)
    run = RunFolder(Path(settings["run"]))
    experiment = build(run.with_copies(settings))
    settings["trainer"]["precision"] = experiment.hardware.model_precision()  # "auto" is another one elsewhere
    experiment.hardware.check_processes()
    with run.held() if distributed.rank() == 0 else nullcontext():
        return _train(run, experiment, settings)


def _train(run: RunFolder, experiment: "Experiment", settings: Plain) -> float:
    from uqgen import distributed
    from uqgen.loggers.telling import open_loggers
    from uqgen.run_reports.evaluation import evaluate

    if distributed.rank() == 0:
        is_new = not run.has_begun
        run.open(settings)
        if is_new:
            remember_code(run)
    log_to(run.path / "train.log")
    log.info("on %s", experiment.hardware.describe())
    if run.results.exists() and run.report.exists():
        log.info("%s is complete: %s", run.path, run.report)
        return run.headline()

    with open_loggers(experiment.loggers, settings) as loggers:
        with experiment.stage("data"):
            experiment.load_data(run)
        with experiment.stage("classifiers"):
            classifiers = experiment.roles.obtain(run)
            own = experiment.own_conditions(classifiers)
        evaluator = experiment.evaluator(classifiers, own, experiment.obtain_features(run))
        experiment.tell_range(evaluator)
        with experiment.stage("generative model"):
            model = experiment.build_model(own, classifiers)
            experiment.train_model(model, classifiers, evaluator, run)
        return evaluate(experiment, run, classifiers, evaluator, model, loggers)


if __name__ == "__main__":
    run_command("train", train, sweeps=True)
