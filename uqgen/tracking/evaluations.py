"""An evaluation as a tracker is told of it."""

from uqgen.evaluation.measurements import Measurements
from uqgen.evaluation.results_json import measured
from uqgen.metrics.metric import scalars
from uqgen.tracking.tracker import Tracker

IN_TRAINING = "val"  # what the keys of evaluations in training begin with; those of the end begin with their split


def tell(tracker: Tracker, split: str, measurements: Measurements, n_images: int) -> None:
    """Hands an evaluation to a tracker.

    Args:
        tracker: who is told.
        split: what all keys begin with, so that evaluations in training and that of the end are no one series.
        measurements: of the evaluation.
        n_images: training images seen.
    """
    found = scalars(measured(measurements))
    tracker.scalars({f"{split}/{name}": value for name, value in found.items()}, n_images)
    for protocol, result in measurements.protocols.items():
        generated = measurements.generated[protocol]
        asked, obtained = generated.asked.score.numpy(), generated.score_out.numpy()
        tracker.in_vs_out(split, protocol, asked, obtained, result.in_vs_out, n_images)
