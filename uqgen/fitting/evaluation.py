"""What the final evaluation will measure, as the training goes."""

from pathlib import Path

from lightning import Trainer

from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.results_json import measured
from uqgen.files import write_atomically
from uqgen.fitting.every import EveryNImages
from uqgen.generators.model import ConditionalModel
from uqgen.loggers.history import rows_as_csv, rows_until
from uqgen.loggers.telling import IN_TRAINING, log_measurements
from uqgen.metrics.metric import scalars


class Evaluation(EveryNImages):
    """Measures the averaged generator on few images.

    What is requested, and of which latents, is as for the validation split, so that the last row of the file is what
    one trained model may be chosen over another by.

    Args:
        evaluator: what measures.
        interval: number of images between two evaluations.
        path: the CSV file of the main numbers.

    Examples:
        >>> Evaluation(run.evaluator, 50_000, Path("evaluations.csv"))  # doctest: +SKIP
    """

    def __init__(self, evaluator: Evaluator, interval: int, path: Path) -> None:
        super().__init__(interval, "evaluate_every")
        self.evaluator, self.path = evaluator, path

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Measures, keeps the numbers and tells."""
        measurements = self.evaluator.measure_in_training(model)
        if not trainer.is_global_zero:
            return
        row = {"n_images": model.n_images, **scalars(measured(measurements))}
        rows = [*rows_until(self.path, model.n_images - 1), row]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        write_atomically(self.path, rows_as_csv(rows, columns, header=True).encode())
        log_measurements(trainer.loggers, measurements, IN_TRAINING, self.evaluator.score.name, model.n_images)
