"""What a training tells of itself, and to whom."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from uqgen.metrics.in_vs_out import InVsOut
from uqgen.run_folder import RunFolder


class Tracker:
    """Tells nobody: the run's folder holds the curves as CSV files whatever the tracker. Others override what it does.

    Args:
        run: the run's folder.
        settings: all settings of the run, plain.
    """

    def __init__(self, run: RunFolder, settings: dict[str, Any]) -> None:
        self.run, self.settings = run, settings

    def scalars(self, values: Mapping[str, float], n_images: int) -> None:
        """Takes numbers by name, such as ``train/d_loss``, after so many training images."""

    def picture(self, name: str, path: Path, n_images: int) -> None:
        """Takes a PNG file."""

    def text(self, name: str, text: str) -> None:
        """Takes what is said at the end, such as the verdict."""

    def in_vs_out(
        self, split: str, protocol: str, asked: ArrayLike, obtained: ArrayLike, agreement: InVsOut, n_images: int
    ) -> None:
        """Takes scores asked and obtained, float [N], and their curve, under what all keys of this evaluation begin."""

    def finish(self, exit_code: int) -> None:
        """Ends the run, 0 if it is complete."""


@contextmanager
def finishing(tracker: Tracker) -> Iterator[Tracker]:
    """Ends the tracker's run, with exit code 1 if anything ends the block but its end."""
    try:
        yield tracker
    except BaseException:
        tracker.finish(1)
        raise
    tracker.finish(0)
