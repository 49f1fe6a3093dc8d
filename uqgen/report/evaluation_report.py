"""A trained model measured, and the files that hold it."""

import logging

from uqgen import distributed
from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.results import as_results
from uqgen.evaluation.settings import EvaluationSettings
from uqgen.experiment import Classifiers, Experiment
from uqgen.generators.callbacks.evaluation import tell
from uqgen.generators.model import ConditionalModel
from uqgen.report.run_report import write_report
from uqgen.run_folder import RunFolder
from uqgen.tracking.tracker import Tracker

log = logging.getLogger(__name__)


def evaluate(
    experiment: Experiment,
    run: RunFolder,
    classifiers: Classifiers,
    evaluator: Evaluator,
    model: ConditionalModel,
    tracker: Tracker,
) -> float:
    """Measures a trained model and leaves results.json, the figures and the report in the run's folder.

    Against another split than the run was started with it leaves results-SPLIT.json, and the rest as it is.

    Args:
        experiment: the parts, with its data in memory.
        run: where to write.
        classifiers: target and judges.
        evaluator: what measures.
        model: the trained model.
        tracker: who is told.

    Returns:
        Mean absolute error of the obtained scores under the uniform protocol.
    """
    split = experiment.evaluation.split
    is_own = split == run.read_settings()["evaluation"].get("split", EvaluationSettings.split)
    model = model.to(experiment.hardware.device())
    with experiment.stage("evaluation"):
        measurements = evaluator.measure(model)
    path = run.results if is_own else run.results_of(split)
    with experiment.stage("report"), distributed.main_first():
        if distributed.rank() == 0:
            results = as_results(
                experiment.name, experiment.model.training.seed, evaluator, measurements, model.n_images
            )
            results["seconds"] = {**experiment.seconds, "an image": measurements.milliseconds / 1000}
            run.write(path, results)  # before the report, which must not lose them if it fails
            if is_own:
                write_report(run, experiment, evaluator, measurements, results, model)
                tell(measurements, tracker, model.n_images)
                if measurements.verdict is not None:
                    tracker.text("verdict/text", measurements.verdict.text)
                for figure in sorted(run.figures.glob("*.png")):
                    tracker.picture(f"figures/{figure.stem}", figure, model.n_images)
    log.info("results: %s", path.resolve())
    if is_own:
        log.info("report: %s", run.report.resolve())
    return measurements.protocols["uniform"].in_vs_out.mae.value
