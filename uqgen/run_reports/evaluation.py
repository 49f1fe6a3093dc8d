"""A trained model measured, and the files that hold it."""

import logging
import platform
from importlib.metadata import version

import uqgen
from uqgen import distributed
from uqgen.classifier_roles import Classifiers
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.results_json import as_results
from uqgen.experiment import Experiment
from uqgen.generators.model import ConditionalModel
from uqgen.loggers.telling import Loggers, log_measurements, ours
from uqgen.report.run_figures import save_run_figures
from uqgen.report.run_page import write_run_page
from uqgen.run_folder import RunFolder

log = logging.getLogger(__name__)

PACKAGES = ("torch", "lightning", "numpy")


def evaluate(
    experiment: Experiment,
    run: RunFolder,
    classifiers: Classifiers,
    evaluator: Evaluator,
    model: ConditionalModel,
    loggers: Loggers,
) -> float:
    """Measures a trained model and leaves results.json, the figures and the report in the run's folder.

    Args:
        experiment: the parts, with its data in memory.
        run: where to write.
        classifiers: target and judges.
        evaluator: what measures.
        model: the trained model.
        loggers: where it is logged.

    Returns:
        Mean absolute error of the achieved scores under the uniform protocol.
    """
    model = model.to(experiment.hardware.device())
    seed = experiment.model.training.seed
    with experiment.stage("evaluation"):
        measurements = evaluator.measure(model)
        results = as_results(experiment.name, seed, evaluator, measurements, model.n_images)
    with experiment.stage("report"), distributed.main_first():
        if distributed.rank() == 0:
            results["versions"] = versions()
            results["seconds"] = {**experiment.seconds, "an image": measurements.milliseconds / 1000}
            run.write(run.results, results)  # before the report, which must not lose them if it fails
            save_run_figures(run, evaluator, measurements, model, seed)
            write_run_page(run)
            split, score = experiment.evaluation.split, experiment.score.name
            log_measurements(loggers, measurements, split, score, model.n_images)
            _show(run, loggers, measurements, model.n_images)
    log.info("results: %s", run.results.resolve())
    log.info("report: %s", run.report.resolve())
    return measurements.protocols["uniform"].in_vs_out.mae.value


def versions() -> str:
    """What the numbers are computed with."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"uqgen {uqgen.__version__}, Python {platform.python_version()}, {packages}."


def _show(run: RunFolder, loggers: Loggers, measurements: Measurements, n_images: int) -> None:
    for logger in ours(loggers):
        if measurements.verdict is not None:
            logger.log_words("verdict/text", measurements.verdict.text)
        for figure in sorted(run.figures.glob("*.png")):
            logger.log_picture(f"figures/{figure.stem}", figure, n_images)
