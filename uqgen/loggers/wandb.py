"""Weights & Biases: one W&B run for each run folder, whose dashboard `python -m uqgen.dashboard` builds."""

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import wandb
from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch import loggers
from lightning.pytorch.utilities import rank_zero_only
from wandb.errors import CommError

from uqgen.loggers.run_logger import RequestedAchieved, RunLogger
from uqgen.loggers.wandb_account import has_key
from uqgen.loggers.wandb_name import require_wandb_name
from uqgen.metrics.in_vs_out import InVsOut
from uqgen.report.style import score_label
from uqgen.run_folder import RunFolder
from uqgen.settings import ExplainedError, require, require_choice

log = logging.getLogger(__name__)

MODES = ("auto", "online", "offline")
START_WITHIN, SEND_WITHIN = 60, 120  # seconds: to reach W&B at the start, and to send what is left at the end
LONGEST_TAG = 64  # W&B refuses longer ones
AT_THE_END = ("test/", "validation/", "figures/")  # of the final evaluation, whatever its split
MAX_POINTS = 1_000  # of a scatter; more would only cover each other


class WandbLogger(loggers.WandbLogger, RunLogger):
    """Lightning's, against the number of training images, which is also W&B's step; no key is waited for.

    A resumed run goes on under the id that its folder keeps. It makes the rows since its last checkpoint once more,
    with the same numbers on a CPU and nearly the same on a GPU; W&B keeps the first. A lost connection ends no run.

    Args:
        save_dir: the run's folder.
        project, entity: where it goes; entity None is the account's default.
        mode: "auto" is what the variables WANDB_DISABLED and WANDB_MODE say, else "online" with a key and "offline"
            without one. What was logged offline lies in the run's folder, for ``wandb sync``.
        group, tags: of the run.

    Raises:
        ExplainedError: W&B cannot be reached, when the run starts.
        SettingError: the mode is none of these, or the project has a name that W&B does not allow.

    Examples:
        >>> logger = WandbLogger("runs/mine", mode="offline")
        >>> Trainer(logger=logger).fit(gan, scored)  # doctest: +SKIP
    """

    def __init__(
        self,
        save_dir: str | Path,
        project: str = "uqgen",
        entity: str | None = None,
        mode: str = "auto",
        group: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        super().__init__(save_dir=save_dir, project=project)
        require_choice("mode", mode, MODES)
        require_wandb_name("project", project)
        self.run, self.mode = RunFolder(Path(save_dir)), _mode(mode)
        self._place: dict[str, Any] = {
            "project": project,
            "entity": entity,
            "group": group,
            "tags": [tag[:LONGEST_TAG] for tag in tags if tag],
        }
        self._started: Any = None
        self._is_lost = False
        self._rng = np.random.default_rng(0)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The W&B run; it starts with the first call."""
        if self._started is None:
            self._started = self._start()
        return self._started

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """The run's settings, once: what Lightning tells of a module is among them."""
        if self._started is None:
            self.experiment.config.update(params, allow_val_change=True)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Numbers by name, after so many training images."""
        self._log({name: value for name, value in metrics.items() if not math.isnan(value)}, step)

    @rank_zero_only
    def log_picture(self, name: str, path: Path, n_images: int) -> None:
        """See `RunLogger`."""
        self._log({name: wandb.Image(str(path))}, n_images)

    @rank_zero_only
    def log_words(self, name: str, text: str) -> None:
        """In the run's summary, where a table of runs shows it."""
        with self._never_fatal():
            self.experiment.summary[name] = text

    @rank_zero_only
    def log_in_vs_out(self, scores: RequestedAchieved, n_images: int) -> None:
        """Two charts, each with the table it is drawn from: a sample of all scores, and the curve."""
        pairs = np.stack([scores.requested, scores.achieved], axis=1)
        drawn = self._rng.permutation(len(pairs))[:MAX_POINTS]
        scatter = wandb.Table(columns=["requested", "achieved"], data=pairs[drawn].tolist())
        curve = wandb.Table(columns=["requested", "achieved", "kind"], data=curve_rows(scores.agreement))
        title = f"{score_label(scores.score_name)} requested ({scores.protocol}) against achieved"
        fields = {"x": "requested", "y": "achieved", "stroke": "kind"}
        names = {"title": title, "xname": "requested", "yname": "achieved"}
        charts = {
            f"{scores.stage}/charts/scatter_{scores.protocol}": wandb.plot.scatter(
                scatter, "requested", "achieved", title=title
            ),
            f"{scores.stage}/charts/curve_{scores.protocol}": wandb.plot_table("wandb/line/v0", curve, fields, names),
        }
        self._log(charts, n_images)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """The evaluation is still to come."""

    @rank_zero_only
    def finish(self, exit_code: int) -> None:
        """See `RunLogger`; without it the next run in this process would go on in this one."""
        if self._started is not None:
            with self._never_fatal():
                self._finish(exit_code)
            self._started = None

    def _finish(self, exit_code: int) -> None:
        try:
            self._started.finish(exit_code=exit_code)
        except TimeoutError:  # as without a connection
            rest = f"wandb sync --include-online {self.run.path / 'wandb'}/run-*"
            log.warning("W&B took not everything within %d s; %s sends the rest", SEND_WITHIN, rest)

    def _start(self) -> Any:
        try:
            run = wandb.init(
                **self._place,
                dir=self.run.path,
                id=self.run.tracking_id(),
                resume="allow",
                name=self.run.path.name,
                mode=self.mode,  # type: ignore[arg-type]
                settings=wandb.Settings(
                    silent=True,
                    console="off",
                    init_timeout=START_WITHIN,
                    finish_timeout=SEND_WITHIN,
                    finish_timeout_raises=True,
                ),
            )
        except CommError as error:
            reason = (str(error) or "no reason given").splitlines()[
                0
            ]  # further ones say which of its settings would make it wait longer
            raise ExplainedError(
                f"W&B cannot be reached ({reason}); logger.wandb.mode=offline logs to the run's folder"
            ) from error
        run.define_metric("n_images")
        run.define_metric("*", step_metric="n_images")
        return run

    def _log(self, values: Mapping[str, Any], n_images: int | None) -> None:
        with self._never_fatal():
            self.experiment.log({"n_images": n_images, **values}, step=self._step(values, n_images))

    def _step(self, values: Mapping[str, Any], n_images: int | None) -> int | None:
        """W&B drops a row of a step that it has had before the run was resumed: what comes at the end has its own."""
        is_last = any(name.startswith(AT_THE_END) for name in values)
        return n_images if n_images is None or not is_last else max(n_images + 1, self.experiment.step)

    @contextmanager
    def _never_fatal(self) -> Iterator[None]:
        """W&B's own process may go first, as when a scheduler ends a job; the run is not to fail of it."""
        try:
            yield
        except (OSError, wandb.errors.Error) as error:
            if not self._is_lost:
                log.warning("W&B is lost (%s); the run goes on, and its folder holds everything", error)
            self._is_lost = True


def _mode(mode: str) -> str:
    if mode != "auto":
        return mode
    if os.environ.get("WANDB_DISABLED", "").lower() in ("true", "1"):  # W&B itself no longer heeds it, others do
        return "disabled"
    given = os.environ.get("WANDB_MODE")
    allowed = ("online", "offline", "disabled", "shared")
    value = f"{given} (from the variable WANDB_MODE)"
    require(given is None or given in allowed, "mode", value, ", ".join(allowed) + ", or WANDB_MODE unset")
    return given or ("online" if has_key() else "offline")


def curve_rows(agreement: InVsOut) -> list[tuple[float, float, str]]:
    """Points (requested, achieved, kind) of mean, median and identity, at the middle of every bin with images."""
    rows = []
    for point in agreement.curve:
        if point.n > 0:
            middle = (point.low + point.high) / 2
            kinds = {"mean": point.mean.value, "median": point.median.value, "identity": middle}
            rows += [(middle, value, kind) for kind, value in kinds.items()]
    return rows
