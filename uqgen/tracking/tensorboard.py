"""TensorBoard, as an alternative: ``logger=tensorboard``, then ``tensorboard --logdir runs``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread
from numpy.typing import ArrayLike

from uqgen.metrics.in_vs_out import InVsOut
from uqgen.report.saving import save_figure
from uqgen.report.score_figures import InVsOutPanel, in_vs_out_figure
from uqgen.run_folder import RunFolder
from uqgen.settings import ExplainedError
from uqgen.tracking.tracker import Tracker


class TensorBoardTracker(Tracker):
    """Writes event files to the run's folder, against the number of training images.

    Args:
        run, settings: see `Tracker`.

    Raises:
        ExplainedError: TensorBoard is not installed.
    """

    def __init__(self, run: RunFolder, settings: dict[str, Any]) -> None:
        super().__init__(run, settings)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ExplainedError("logger=tensorboard needs pip install 'uqgen[tensorboard]'") from error
        self._writer = SummaryWriter(str(run.path / "tensorboard"))

    def scalars(self, values: Mapping[str, float], n_images: int) -> None:
        """See `Tracker`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, n_images)

    def picture(self, name: str, path: Path, n_images: int) -> None:
        """See `Tracker`."""
        pixels = np.asarray(imread(path))[..., :3]
        self._writer.add_image(name, pixels, n_images, dataformats="HWC")

    def text(self, name: str, text: str) -> None:
        """See `Tracker`."""
        self._writer.add_text(name, text)

    def in_vs_out(
        self, split: str, protocol: str, asked: ArrayLike, obtained: ArrayLike, agreement: InVsOut, n_images: int
    ) -> None:
        """The figure of the report, of this protocol alone."""
        panel = InVsOutPanel(f"asked: {protocol}", asked, obtained, agreement)
        figure = in_vs_out_figure([panel], self.settings["score"]["name"], seed=0)
        path = self.run.path / "tensorboard" / f"in_vs_out_{protocol}.png"
        save_figure(figure, path)
        self.picture(f"{split}/charts/{protocol}", path, n_images)

    def finish(self, exit_code: int) -> None:
        """See `Tracker`."""
        self._writer.close()
