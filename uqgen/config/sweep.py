"""Sweeps: ``python -m uqgen.train -m condition=paper,fourier seed=0,1,2``, one run folder for each job."""

import hashlib
import itertools
import logging
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from uqgen.config.hydra_private import Override, parse
from uqgen.run_folder import RunFolder, is_free
from uqgen.run_lock import LOCK, HeldError, holding_process
from uqgen.settings import SettingError
from uqgen.stopping import end_with_parent, stoppable

log = logging.getLogger(__name__)

LONGEST = 255  # bytes of a name in a folder
ONLY = "job"  # name of the folder of the only job, below the sweep's, which holds what is of the sweep
BEGINNING = 200  # of them, those of a long name that are kept
HOW_IT_RUNS = ("hydra.", "hydra/launcher")  # of settings that change no result
PATIENCE = 20  # seconds in which a job that is ended closes what is open


@dataclass(frozen=True)
class SweepPlan:
    """A sweep before it starts.

    Attributes:
        folder: holds a run folder for each job.
        jobs: names of the run folders to be, where the values are listed; a sweeper that searches makes up its own.
        arguments: what Hydra's command line needs besides.
    """

    folder: Path
    jobs: tuple[str, ...]
    arguments: tuple[str, ...]


def plan_sweep(cfg: DictConfig, overrides: list[str]) -> SweepPlan:
    """Where the runs of a sweep go: the same sweep finds its folder again, and each job the run it left there.

    A job's folder is named by what varies, the sweep's folder, unless ``hydra.sweep.dir`` names it, by a hash of
    everything that was requested.

    Args:
        cfg: the settings that all jobs share, with the `hydra` node.
        overrides: the command line. Hydra is initialised, since a pattern such as ``glob(*)`` stands for what is there.

    Raises:
        SettingError: a run's folder is given, or a job would run on several devices.
    """
    listed = [f"{key}={value}" for key, value in (cfg.hydra.sweeper.get("params") or {}).items()]
    final = {override.get_key_element(): override for override in parse([*listed, *overrides])}
    if "run" in final:
        raise SettingError("run", final["run"].value(), "nothing in a sweep; hydra.sweep.dir=... names its folder")
    refuse_several_devices(cfg)
    varied = [override for override in final.values() if override.is_sweep_override()]
    groups = {override.key_or_group for override in varied}  # which Hydra does not tell from `group@place`
    named = [override for override in final.values() if override.key_or_group in groups]
    shared = {str(override.key_or_group) for override in final.values()} - set(map(str, groups))
    arguments = [f"hydra.job.config.override_dirname.exclude_keys=[{','.join(sorted(shared))}]"]
    folder = cfg.hydra.sweep.dir
    if "hydra.sweep.dir" not in final:
        varies = any(override.key_or_group == "experiment" for override in varied)
        experiment = "experiments" if varies else cfg.hydra.runtime.choices.experiment
        folder = f"{folder}/{experiment}-{_hash(final.values())}"
        arguments.append(f"hydra.sweep.dir={folder}")
    return SweepPlan(Path(folder), _names(named), tuple(arguments))


def run_job(task: Callable[[DictConfig], float], cfg: DictConfig) -> float:
    """Runs one job of a sweep; if it fails, word of it is left in its folder and the other jobs go on.

    Args:
        task: what the command does.
        cfg: the job's settings.

    Returns:
        What the task returns; NaN if it failed.
    """
    from uqgen.devices import own_gpu

    hydra = HydraConfig.get()
    run = RunFolder(Path(hydra.runtime.output_dir))
    cfg.run, cfg.group = str(run.path), Path(hydra.sweep.dir).name
    if multiprocessing.current_process().name != "MainProcess":  # a worker of joblib's
        end_with_parent()
    try:
        refuse_several_devices(cfg)
        with stoppable(), own_gpu():
            return task(cfg)
    except HeldError as error:  # it is another process's, which may leave word in its folder itself
        log.error("%s was left alone: %s", run.path.name, error)
        return math.nan
    except Exception as error:
        log.error("%s failed: %s", run.path.name, run.fail(error))
        return math.nan


def end_jobs(folder: Path) -> None:
    """Ends jobs that run in processes of this one, as joblib's do, and waits while they close what is open.

    Args:
        folder: of the sweep.
    """
    children = {child.pid for child in multiprocessing.active_children()}
    runs = [lock.parent for lock in folder.rglob(LOCK)]
    busy = {run: pid for run in runs if (pid := holding_process(run)) is not None and pid in children}
    for pid in busy.values():
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(holding_process(run) == pid for run, pid in busy.items()):
        time.sleep(0.1)


def finish_sweep(sweep: SweepPlan) -> int:
    """Compares what a sweep left and says what is missing.

    Returns:
        Exit status: 0 if every job is complete, otherwise 1.
    """
    from uqgen.report.comparison_report import compare_sweep

    never_begun = [name for name in sweep.jobs if not (sweep.folder / name).exists()]
    try:
        comparison = compare_sweep(sweep.folder)
    except SettingError:  # nothing was begun, so there is nothing to compare
        complete = False
    else:
        complete = comparison.n_complete == len(comparison.jobs)
    for name in never_begun:
        log.error("%s was not begun", name)
    if sweep.jobs:  # the folder may hold more, of a wider sweep before
        runs = [RunFolder(sweep.folder / name) for name in sweep.jobs]
        complete = all(run.results.exists() and not run.error.exists() for run in runs)
    return 0 if complete else 1


def job_folder(varied: str) -> str:
    """The name of a job's folder, below the sweep's; `conf/train.yaml` uses it by the name of this function.

    A name that is longer than file systems take is cut off, and a hash stands for what varies. The seed stays, so that
    the runs of one variant are seen to belong together.

    Args:
        varied: such as "condition=paper,seed=0"; nothing in a sweep of one job.
    """
    parts = varied.replace("'", "").split("/")  # Hydra's quotes
    name = "/".join("__" if part == ".." else part for part in parts) or ONLY  # a path in a value leads nowhere
    if all(len(part.encode()) <= LONGEST for part in name.split("/")):
        return name
    items = name.split(",")
    seeds = [item for item in items if item.startswith("seed=")]
    rest = ",".join(item for item in items if item not in seeds)
    beginning = rest.replace("/", "_").encode()[:BEGINNING].decode(errors="ignore")
    return ",".join([f"{beginning}~{hashlib.sha256(rest.encode()).hexdigest()[:8]}", *seeds])


OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)


def refuse_several_devices(cfg: DictConfig) -> None:
    """A job of a sweep has one device: processes of its own would start the sweep again.

    Raises:
        SettingError: it has several.
    """
    for name in ("devices", "num_nodes"):
        if cfg.trainer[name] != 1:
            allowed = "1 in a sweep, whose jobs have one device each; several devices are for single runs"
            raise SettingError(f"trainer.{name}", cfg.trainer[name], allowed)


def _names(named: list[Override]) -> tuple[str, ...]:
    """The folders of all jobs, as Hydra names them; none where values are to be searched for."""
    varied = [override for override in named if override.is_sweep_override()]
    if not varied or not all(override.is_discrete_sweep() for override in varied):
        return ()
    choices = [[f"{o.get_key_element()}={value}" for value in _values(o)] for o in named]
    return tuple(job_folder(",".join(sorted(items))) for items in itertools.product(*choices))


def _values(override: Override) -> list[str]:
    if override.is_sweep_override():
        return [*override.sweep_string_iterator()]
    return [override.get_value_element_as_str()]


def _hash(overrides: Iterable[Override]) -> str:
    keys = ((override, override.key_or_group or "") for override in overrides)
    requested = sorted(o.input_line or "" for o, key in keys if not (is_free(key) or key.startswith(HOW_IT_RUNS)))
    return hashlib.sha256("\n".join(requested).encode()).hexdigest()[:8]
