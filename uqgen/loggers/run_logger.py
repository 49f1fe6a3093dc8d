"""What our loggers take beside numbers."""

from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.loggers import Logger
from numpy.typing import ArrayLike

from uqgen.metrics.in_vs_out import InVsOut


@dataclass(frozen=True)
class RequestedAchieved:
    """The scores of one evaluation, and what they come to.

    Attributes:
        stage: what keys begin with, such as "val" or "test".
        protocol: how scores were requested.
        requested, achieved: float [N].
        agreement: of the two.
        score_name: how the score is called.
    """

    stage: str
    protocol: str
    requested: ArrayLike
    achieved: ArrayLike
    agreement: InVsOut
    score_name: str


class RunLogger(Logger):
    """A Lightning logger that also takes pictures, texts and charts of in vs. out, against the number of images.

    Subclasses are made before the run's folder is there, write nothing before they are given something, and write on
    rank 0 alone. A list of Lightning loggers may hold others, which take numbers alone.

    Examples:
        >>> class Printed(RunLogger):
        ...     name, version = "printed", 0
        ...
        ...     def log_hyperparams(self, params, *args, **kwargs): ...
        ...
        ...     def log_metrics(self, metrics, step=None): ...
        ...
        ...     def log_words(self, name, text):
        ...         print(f"{name}: {text}")
        >>> Printed().log_words("verdict", "No fault was found.")
        verdict: No fault was found.
    """

    def log_picture(self, name: str, path: Path, n_images: int) -> None:
        """Takes a PNG file."""

    def log_words(self, name: str, text: str) -> None:
        """Takes what is said at the end, such as the verdict."""

    def log_in_vs_out(self, scores: RequestedAchieved, n_images: int) -> None:
        """Takes the scores of one evaluation."""

    def finish(self, exit_code: int) -> None:
        """Ends the run, 0 if it is complete; `finalize` ends the training alone, after which a run is evaluated."""
