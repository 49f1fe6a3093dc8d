"""Weights & Biases: one W&B run for each run folder, whose dashboard `python -m uqgen.dashboard` builds."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import wandb
from numpy.typing import ArrayLike
from wandb.errors import CommError

from uqgen.metrics.in_vs_out import InVsOut
from uqgen.report.style import score_label
from uqgen.run_folder import RunFolder
from uqgen.settings import ExplainedError, require_choice
from uqgen.tracking.tracker import Tracker
from uqgen.tracking.wandb_account import has_key

log = logging.getLogger(__name__)

MODES = ("auto", "online", "offline")
MAX_POINTS = 1_000  # of a scatter; more would only cover each other


class WandbTracker(Tracker):
    """Logs against the number of training images, which is also W&B's step.

    A resumed run goes on under the id that its folder keeps. It makes the rows since its last checkpoint once more,
    with the same numbers, since a training is a function of its seed; W&B keeps the first.

    Args:
        run, settings: see `Tracker`.
        project, entity: where it goes; entity None is the account's default.
        mode: "auto" is what the variable WANDB_MODE says, else "online" with a key and "offline" without one; nobody is
            asked. What was logged offline lies in the run's folder, for ``wandb sync``.

    Raises:
        ExplainedError: W&B cannot be reached.
        SettingError: the mode is none of these.
    """

    def __init__(
        self, run: RunFolder, settings: dict[str, Any], project: str, entity: str | None = None, mode: str = "auto"
    ) -> None:
        super().__init__(run, settings)
        require_choice("logger.mode", mode, MODES)
        if mode == "auto":
            mode = os.environ.get("WANDB_MODE") or ("online" if has_key() else "offline")
        self._label = score_label(settings["score"]["name"])
        self._is_lost = False
        self._rng = np.random.default_rng(0)
        try:
            self._wandb = wandb.init(
                project=project,
                entity=entity,
                dir=run.path,
                id=run.tracking_id(),
                resume="allow",
                name=run.path.name,
                group=settings["group"],
                tags=[settings["name"]],
                config=settings,
                mode=mode,  # type: ignore[arg-type]
                settings=wandb.Settings(silent=True, console="off"),
            )
        except CommError as error:
            raise ExplainedError(
                f"W&B cannot be reached ({error}); logger.mode=offline logs to the run's folder"
            ) from error
        self._wandb.define_metric("n_images")
        self._wandb.define_metric("*", step_metric="n_images")

    def scalars(self, values: Mapping[str, float], n_images: int) -> None:
        """See `Tracker`."""
        self._log(values, n_images)

    def picture(self, name: str, path: Path, n_images: int) -> None:
        """See `Tracker`."""
        self._log({name: wandb.Image(str(path))}, n_images)

    def text(self, name: str, text: str) -> None:
        """In the run's summary, where a table of runs shows it."""
        with self._never_fatal():
            self._wandb.summary[name] = text

    def in_vs_out(
        self, split: str, protocol: str, asked: ArrayLike, obtained: ArrayLike, agreement: InVsOut, n_images: int
    ) -> None:
        """Two charts, each with the table it is drawn from: a sample of all scores, and the curve."""
        pairs = np.stack([asked, obtained], axis=1)
        drawn = self._rng.permutation(len(pairs))[:MAX_POINTS]
        scatter = wandb.Table(columns=["asked", "obtained"], data=pairs[drawn].tolist())
        curve = wandb.Table(columns=["asked", "obtained", "kind"], data=curve_rows(agreement))
        title = f"{self._label} asked ({protocol}) against obtained"
        fields = {"x": "asked", "y": "obtained", "stroke": "kind"}
        charts = {
            f"{split}/charts/scatter_{protocol}": wandb.plot.scatter(scatter, "asked", "obtained", title=title),
            f"{split}/charts/curve_{protocol}": wandb.plot_table(
                "wandb/line/v0", curve, fields, {"title": title, "xname": "asked", "yname": "obtained"}
            ),
        }
        self._log(charts, n_images)

    def finish(self, exit_code: int) -> None:
        """See `Tracker`; without it the next run in this process would go on in this one."""
        with self._never_fatal():
            self._wandb.finish(exit_code=exit_code)

    def _log(self, values: Mapping[str, Any], n_images: int) -> None:
        with self._never_fatal():
            self._wandb.log({"n_images": n_images, **values}, step=n_images)

    @contextmanager
    def _never_fatal(self) -> Iterator[None]:
        """W&B's own process may go first, as when a scheduler ends a job; the run is not to fail of it."""
        try:
            yield
        except (OSError, wandb.errors.Error) as error:
            if not self._is_lost:
                log.warning("W&B is lost (%s); the run goes on, and its folder holds everything", error)
            self._is_lost = True


def curve_rows(agreement: InVsOut) -> list[tuple[float, float, str]]:
    """Points (asked, obtained, kind) of mean, median and identity, at the middle of every bin with images."""
    rows = []
    for point in agreement.curve:
        if point.n > 0:
            middle = (point.low + point.high) / 2
            kinds = {"mean": point.mean.value, "median": point.median.value, "identity": middle}
            rows += [(middle, value, kind) for kind, value in kinds.items()]
    return rows
