"""A trained model measured, and the files that hold it."""

import logging

from uqgen import distributed
from uqgen.evaluation.measure import Evaluator, Measurements
from uqgen.evaluation.results import as_results
from uqgen.experiment import Classifiers, Experiment
from uqgen.generators.model import ConditionalModel
from uqgen.loggers.telling import Loggers, log_measurements, ours
from uqgen.report.run_report import write_report
from uqgen.run_folder import RunFolder

log = logging.getLogger(__name__)


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
        loggers: who is told.

    Returns:
        Mean absolute error of the obtained scores under the uniform protocol.
    """
    model = model.to(experiment.hardware.device())
    with experiment.stage("evaluation"):
        measurements = evaluator.measure(model)
    with experiment.stage("report"), distributed.main_first():
        if distributed.rank() == 0:
            results = as_results(experiment, classifiers, evaluator, measurements, model.n_images)
            results["seconds"] = {**experiment.seconds, "an image": measurements.milliseconds / 1000}
            run.write(run.results, results)  # before the report, which must not lose them if it fails
            write_report(run, experiment, evaluator, measurements, results, model)
            split, score = experiment.evaluation.split, experiment.score.name
            log_measurements(loggers, measurements, split, score, model.n_images)
            _show(run, loggers, measurements, model.n_images)
    log.info("results: %s", run.results.resolve())
    log.info("report: %s", run.report.resolve())
    return measurements.protocols["uniform"].in_vs_out.mae.value


def _show(run: RunFolder, loggers: Loggers, measurements: Measurements, n_images: int) -> None:
    for logger in ours(loggers):
        if measurements.verdict is not None:
            logger.log_words("verdict/text", measurements.verdict.text)
        for figure in sorted(run.figures.glob("*.png")):
            logger.log_picture(f"figures/{figure.stem}", figure, n_images)
