"""A fixed grid of samples, drawn as the training goes."""

from pathlib import Path

from lightning import Trainer

from uqgen.evaluation.generated import sample_grid
from uqgen.fitting.every import EveryNImages
from uqgen.generators.model import ConditionalModel
from uqgen.loggers.telling import ours
from uqgen.report.image_figures import sample_grid_figure
from uqgen.report.saving import save_figure
from uqgen.report.shown_classes import ShownClasses


class SampleGrid(EveryNImages):
    """Draws one row a class and one column a score, from the confident end to the uncertain; one noise along a row.

    Args:
        folder: where ``<n_images>.png`` is written.
        classes: those that have a row.
        scores: the scores requested, one a column.
        score_name: how the score is called.
        interval: number of images between two grids.
        seed: draws the noise.

    Examples:
        >>> classes = ShownClasses(["left", "right"], (0, 1))
        >>> SampleGrid(Path("samples"), classes, [1.0, 0.8, 0.6], "msp", interval=10_000, seed=0).seconds
        0.0
    """

    def __init__(
        self,
        folder: Path,
        classes: ShownClasses,
        scores: list[float],
        score_name: str,
        interval: int,
        seed: int,
    ) -> None:
        super().__init__(interval, "samples_every")
        self.folder, self.classes, self.scores, self.score_name = folder, classes, scores, score_name
        self.seed = seed

    def act(self, trainer: Trainer, model: ConditionalModel) -> None:
        """Draws the grid."""
        if trainer.is_global_zero:
            images = sample_grid(model, self.classes.labels, self.scores, self.seed)
            title = f"{model.n_images:,} images seen"
            pixels = images.cpu().numpy()
            figure = sample_grid_figure(pixels, self.classes, self.scores, title, self.score_name, seed=self.seed)
            path = self.folder / f"{model.n_images:09d}.png"
            save_figure(figure, path)
            for logger in ours(trainer.loggers):
                logger.log_picture("samples", path, model.n_images)
