"""What our loggers take beside numbers."""

from pathlib import Path

from lightning.pytorch.loggers import Logger
from numpy.typing import ArrayLike

from uqgen.metrics.in_vs_out import InVsOut


class RunLogger(Logger):
    """A Lightning logger that also takes pictures, texts and charts of in vs. out, against the number of images.

    Subclasses are made before the run's folder is there, write nothing before they are told something, and write on
    rank 0 alone. They are told by whoever has a list of Lightning loggers, of which others take numbers alone.
    """

    def log_picture(self, name: str, path: Path, n_images: int) -> None:
        """Takes a PNG file."""

    def log_words(self, name: str, text: str) -> None:
        """Takes what is said at the end, such as the verdict."""

    def log_in_vs_out(
        self,
        stage: str,
        protocol: str,
        requested: ArrayLike,
        achieved: ArrayLike,
        agreement: InVsOut,
        score_name: str,
        n_images: int,
    ) -> None:
        """Takes one evaluation: scores requested and achieved, float [N], and their curve."""

    def finish(self, exit_code: int) -> None:
        """Ends the run, 0 if it is complete; `finalize` ends the training alone, after which a run is evaluated."""
