"""What the final evaluation will measure, as the training goes."""

from pathlib import Path

from lightning import Trainer

from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.results_json import measured
from uqgen.files import write_atomically
from uqgen.generators.callbacks.every import EveryNImages
from uqgen.generators.callbacks.history import rows_as_csv, rows_until
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.metric import scalars
from uqgen.tracking.evaluations import IN_TRAINING, tell
from uqgen.tracking.tracker import Tracker


class Evaluation(EveryNImages):
    """Measures the averaged generator on few images.

    What is asked, and of which latents, is as for the validation split, so that the last row of the file is what one
    trained model may be chosen over another by.

    Args:
        evaluator: what measures.
        interval: number of images between two evaluations.
        path: the CSV file of the main numbers.
        tracker: who is told.
    """

    def __init__(self, evaluator: Evaluator, interval: int, path: Path, tracker: Tracker) -> None:
        super().__init__(interval, "evaluate_every")
        self.evaluator, self.path, self.tracker = evaluator, path, tracker

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Measures, keeps the numbers and tells."""
        measurements = self.evaluator.measure_in_training(model)
        if not trainer.is_global_zero:
            return
        row = {"n_images": model.n_images, **scalars(measured(measurements))}
        rows = [*rows_until(self.path, model.n_images - 1), row]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        write_atomically(self.path, rows_as_csv(rows, columns, header=True).encode())
        tell(self.tracker, IN_TRAINING, measurements, model.n_images)
