"""What the final evaluation will measure, as the training goes."""

from pathlib import Path

from lightning import Trainer

from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.results import scalars
from uqgen.files import write_atomically
from uqgen.generators.callbacks.every import EveryNImages
from uqgen.generators.model import ConditionalModel
from uqgen.loggers.history import rows_as_csv, rows_until
from uqgen.loggers.telling import log_measurements


class Evaluation(EveryNImages):
    """Measures the averaged generator on few images.

    What is asked, and of which latents, is as for the validation split, so that the last row of the file is what one
    trained model may be chosen over another by. Loggers are told of the end by the evaluation that follows it.

    Args:
        evaluator: what measures.
        interval: number of images between two evaluations.
        path: the CSV file of the main numbers.
    """

    def __init__(self, evaluator: Evaluator, interval: int, path: Path) -> None:
        super().__init__(interval, "evaluate_every")
        self.evaluator, self.path = evaluator, path

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Measures, keeps the numbers and tells."""
        measurements = self.evaluator.measure_in_training(model)
        if not trainer.is_global_zero:
            return
        rows = [*rows_until(self.path, model.n_images - 1), {"n_images": model.n_images, **scalars(measurements)}]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        write_atomically(self.path, rows_as_csv(rows, columns, header=True).encode())
        if not model.is_complete:
            log_measurements(trainer.loggers, measurements, "val", self.evaluator.score.name, model.n_images)
