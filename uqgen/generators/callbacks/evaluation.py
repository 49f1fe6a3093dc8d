"""What the final evaluation will measure, as the training goes."""

from pathlib import Path

from lightning import Trainer

from uqgen.evaluation.measure import Evaluator
from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.results import scalars
from uqgen.files import write_atomically
from uqgen.generators.callbacks.every import EveryNImages
from uqgen.generators.callbacks.history import rows_as_csv, rows_until
from uqgen.generators.model import ConditionalModel
from uqgen.tracking.tracker import Tracker


class Evaluation(EveryNImages):
    """Measures the averaged generator on few images.

    What is asked, and of which latents, is as for the validation split, so that the last row of the file is what one
    trained model may be chosen over another by. The tracker is told of the end by the evaluation that follows it.

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
        rows = [*rows_until(self.path, model.n_images - 1), {"n_images": model.n_images, **scalars(measurements)}]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        write_atomically(self.path, rows_as_csv(rows, columns, header=True).encode())
        if model.n_images < model.settings.n_images:
            tell(measurements, self.tracker, model.n_images)


def tell(measurements: Measurements, tracker: Tracker, n_images: int) -> None:
    """Hands an evaluation to a tracker."""
    tracker.scalars(scalars(measurements), n_images)
    for protocol, result in measurements.protocols.items():
        generated = measurements.generated[protocol]
        asked, obtained = generated.asked.score.numpy(), generated.score_out.numpy()
        tracker.in_vs_out(protocol, asked, obtained, result.in_vs_out, n_images)
