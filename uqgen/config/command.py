"""Commands under Hydra: a single run, or a sweep; what is refused ends them with one line."""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from uqgen.config.composition import command_folder, plain
from uqgen.config.construction import build
from uqgen.config.hydra_private import CommandLine, command_line, initialized, parse
from uqgen.config.refusals import explain
from uqgen.config.sweep import finish_sweep, plan_sweep, run_job
from uqgen.config.text import as_typed
from uqgen.settings import ExplainedError, SettingError, require


def run_command(name: str, task: Callable[[DictConfig], float], sweeps: bool = False) -> None:
    """Runs a command under Hydra; an error that explains itself ends it with that line alone and exit status 2.

    Args:
        name: file in conf/ with the command's settings.
        task: what the command does with them.
        sweeps: whether ``--multirun`` is allowed; then the exit status is 1 if a job failed.
    """
    # Hydra would print its own several lines and leave; with this set it raises, and the line is ours.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    job = partial(_run_job, task=task, name=name)
    start = hydra.main(version_base="1.3", config_path=str(command_folder(name)), config_name=name)(job)
    line = command_line()
    sys.argv[1:] = [as_typed(argument, sweeps=line.multirun) for argument in sys.argv[1:]]
    line = command_line()
    try:
        if line.multirun:
            require(sweeps, "--multirun", "", "with python -m uqgen.train alone")
            _run_sweep(name, line, start)
        else:
            start()
    except ExplainedError as error:
        _refuse(str(error))
    except (HydraException, OmegaConfBaseException) as error:
        _refuse(explain(error, name, line))


def _run_job(cfg: DictConfig, task: Callable[[DictConfig], float], name: str) -> float:
    hydra_config = HydraConfig.get()
    if "choices" in cfg:
        cfg.choices = {group: name for group, name in hydra_config.runtime.choices.items() if "hydra/" not in group}
        cfg.overrides = list(hydra_config.overrides.task)
    return run_job(task, cfg) if hydra_config.mode == RunMode.MULTIRUN else _run_single(task, cfg, name)


def _run_single(task: Callable[[DictConfig], float], cfg: DictConfig, name: str) -> float:
    """Runs a command in as many processes as its trainer has devices."""
    from uqgen import distributed  # imports torch

    try:
        if "trainer" in cfg and cfg.trainer.devices != 1 and not distributed.is_launched():
            build(plain(cfg))  # refuses a setting here and once, not in every process
            distributed.launch(cfg.trainer.devices, f"uqgen.{name}", f"run={cfg.run}")  # its default holds the time
        distributed.use_own_gpu()
        return task(cfg)
    except ExplainedError as error:  # caught here, before Hydra adds a line of its own
        _refuse(str(error))
    except MissingMandatoryValue as error:
        _refuse(str(SettingError(str(error.full_key), "???", "a value of your own; there is no default")))
    finally:
        distributed.leave()


def _run_sweep(name: str, line: CommandLine, start: Callable[[], Any]) -> NoReturn:
    with initialized(command_folder(name), line.own):
        parsed = zip(line.overrides, parse(line.overrides), strict=True)
        given = [text for text, override in parsed if not override.is_sweep_override()]
        shared = hydra.compose(name, given, return_hydra_config=True)
        HydraConfig.instance().set_config(shared)  # for ${hydra:...}
        sweep = plan_sweep(shared, line.overrides)
    print(f"uqgen: {len(sweep.jobs) or 'several'} jobs in {sweep.folder}")  # noqa: T201
    sys.argv[1:] = [*sys.argv[1:], *sweep.arguments]
    try:
        start()
    except (HydraException, OmegaConfBaseException):
        raise
    except Exception as error:  # a launcher gave up; jobs that it started may be complete, or still run
        print(f"uqgen: the launcher gave up: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    sys.exit(finish_sweep(sweep))


def _refuse(message: str) -> NoReturn:
    if os.environ.get("RANK", "0") == "0":  # every process of one run finds the same mistake
        print(f"uqgen: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(2)
