"""How a run's loggers, ours and others', are told of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lightning.pytorch.loggers import Logger

from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.results_json import measured
from uqgen.loggers.run_logger import RequestedAchieved, RunLogger
from uqgen.metrics.metric import scalars

Loggers = Sequence[Logger]

IN_TRAINING = "val"  # what the keys of evaluations in training begin with; those of the end begin with their split


def ours(loggers: Loggers) -> Iterator[RunLogger]:
    """Those that take pictures, texts and charts."""
    return (logger for logger in loggers if isinstance(logger, RunLogger))


def log_measurements(loggers: Loggers, measurements: Measurements, stage: str, score_name: str, n_images: int) -> None:
    """Hands an evaluation to loggers.

    Args:
        loggers: of a run.
        measurements: the evaluation.
        stage: what all keys begin with: `IN_TRAINING`, or the split's name at the end, so that both are no one series.
        score_name: how the score is called.
        n_images: images of the training so far.
    """
    found = {f"{stage}/{name}": value for name, value in scalars(measured(measurements)).items()}
    for logger in loggers:
        logger.log_metrics(found, n_images)
    for protocol, result in measurements.protocols.items():
        made = measurements.generated[protocol]
        pairs = made.requested.score.numpy(), made.score_out.numpy()
        scores = RequestedAchieved(stage, protocol, *pairs, result.in_vs_out, score_name)
        for logger in ours(loggers):
            logger.log_in_vs_out(scores, n_images)


@contextmanager
def open_loggers(loggers: Loggers, settings: Mapping[str, Any]) -> Iterator[Loggers]:
    """Tells loggers of the settings, which starts them, and ends them: as failed if an exception ends the block.

    Args:
        loggers: of a run.
        settings: all of the run's, plain.

    Raises:
        ExplainedError: a logger cannot be started.
    """
    try:
        for logger in loggers:
            logger.log_hyperparams(dict(settings))
        yield loggers
    except BaseException:
        _finish(loggers, 1)
        raise
    _finish(loggers, 0)


def _finish(loggers: Loggers, exit_code: int) -> None:
    for logger in loggers:
        if isinstance(logger, RunLogger):
            logger.finish(exit_code)
        else:
            logger.finalize("failed" if exit_code else "success")
