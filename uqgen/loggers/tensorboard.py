"""TensorBoard, as an alternative: ``logger=tensorboard``, then ``tensorboard --logdir runs``."""

from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import loggers
from lightning.pytorch.utilities import rank_zero_only
from matplotlib.image import imread

from uqgen.loggers.run_logger import RequestedAchieved, RunLogger
from uqgen.report.saving import save_figure
from uqgen.report.score_figures import InVsOutPanel, in_vs_out_figure
from uqgen.settings import ExplainedError

FOLDER = "tensorboard"


class TensorBoardLogger(loggers.TensorBoardLogger, RunLogger):
    """Lightning's, in the run's folder, with pictures.

    Args:
        save_dir: the run's folder.

    Raises:
        ExplainedError: TensorBoard is not installed.

    Examples:
        >>> logger = TensorBoardLogger("runs/mine")
        >>> Trainer(logger=logger).fit(gan, scored)  # doctest: +SKIP
    """

    def __init__(self, save_dir: str | Path) -> None:
        try:
            super().__init__(save_dir, name=FOLDER, version="")
        except ModuleNotFoundError as error:
            raise ExplainedError("logger=tensorboard needs pip install 'uqgen[tensorboard]'") from error

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """They are in the run's config.json."""

    @rank_zero_only
    def log_picture(self, name: str, path: Path, n_images: int) -> None:
        """See `RunLogger`."""
        pixels = np.asarray(imread(path))[..., :3]
        self.experiment.add_image(name, pixels, n_images, dataformats="HWC")

    @rank_zero_only
    def log_words(self, name: str, text: str) -> None:
        """See `RunLogger`."""
        self.experiment.add_text(name, text)

    @rank_zero_only
    def log_in_vs_out(self, scores: RequestedAchieved, n_images: int) -> None:
        """The figure of the report, of this evaluation alone."""
        pairs = (scores.requested, scores.achieved, scores.agreement)
        figure = in_vs_out_figure([InVsOutPanel(f"requested: {scores.protocol}", *pairs)], scores.score_name, seed=0)
        path = Path(self.log_dir) / f"{scores.stage}_in_vs_out_{scores.protocol}.png"
        save_figure(figure, path)
        self.log_picture(f"{scores.stage}/charts/{scores.protocol}", path, n_images)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """The evaluation is still to come."""
        self.experiment.flush()

    @rank_zero_only
    def finish(self, exit_code: int) -> None:
        """See `RunLogger`."""
        self.experiment.close()
