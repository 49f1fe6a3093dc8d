"""Commands under Hydra: a single run, or a sweep; what is refused ends them with one line."""

import errno
import os
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from uqgen.config.composition import check_composed, command_folder, plain
from uqgen.config.construction import build
from uqgen.config.hydra_private import CommandLine, command_line, initialized, parse
from uqgen.config.refusals import explain, refuse_unnamed_choices
from uqgen.config.sweep import end_jobs, finish_sweep, plan_sweep, run_job
from uqgen.config.text import as_typed
from uqgen.run_lock import refuse_held
from uqgen.settings import ExplainedError, SettingError, one_line, require
from uqgen.stopping import Stopped, stoppable

NOT_WRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)  # a full disk, or one that is only read
NO_FOLDER = (errno.ENOTDIR, errno.EEXIST, errno.EISDIR)  # a file where a folder is due, or a folder where a file is
OWN_TORCHRUN = "UQGEN_TORCHRUN"  # in the environment of processes that were started by `distributed.launch`


def run_command(name: str, task: Callable[[DictConfig], float], sweeps: bool = False) -> None:
    """Runs a command under Hydra; an error that explains itself ends it with that line alone and exit status 2.

    A signal ends it with a line that says how to go on, and exit status 130 (Ctrl-C), 143 (SIGTERM) or 129 (SIGHUP).

    Args:
        name: file in conf/ with the command's settings.
        task: what the command does with them.
        sweeps: whether ``--multirun`` is allowed; then the exit status is 1 if a job failed.
    """
    # Hydra would print its own several lines and leave; with this set it raises, and the line is ours.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    job = partial(_run_job, task=task, name=name)
    start = hydra.main(version_base="1.3", config_path=str(command_folder(name)), config_name=name)(job)
    line, typed = command_line(), sys.argv[1:]
    sys.argv[1:] = [as_typed(argument, sweeps=line.multirun) for argument in typed]
    line = command_line()
    with stoppable():
        try:
            refuse_unnamed_choices(line, command_folder(name))
            if line.multirun:
                require(sweeps, "--multirun", "", "with python -m uqgen.train alone")
                _run_sweep(name, line, start)
            else:
                start()
        except ExplainedError as error:
            _refuse(str(error))
        except (HydraException, OmegaConfBaseException) as error:
            _refuse(explain(error, name, line))
        except Exception as error:
            if HydraConfig.initialized():  # the task has begun
                raise
            _refuse(explain(error, name, line))  # of files that are no YAML, and the like
        except Stopped as stop:
            if not (OWN_TORCHRUN in os.environ and "RANK" in os.environ):  # whose parent says it
                _tell(f"stopped by {stop.signal.name}; to go on: {_again(name, typed, stop)}")
            raise


def _run_job(cfg: DictConfig, task: Callable[[DictConfig], float], name: str) -> float:
    hydra_config = HydraConfig.get()
    if "choices" in cfg:
        cfg.choices = {group: name for group, name in hydra_config.runtime.choices.items() if "hydra/" not in group}
        cfg.overrides = list(hydra_config.overrides.task)
    if hydra_config.mode == RunMode.MULTIRUN:
        return run_job(partial(_checked, task=task, name=name), cfg)
    return _run_single(task, cfg, name)


def _checked(cfg: DictConfig, task: Callable[[DictConfig], float], name: str) -> float:
    check_composed(cfg, name, HydraConfig.get().overrides.task)
    return task(cfg)


def _run_single(task: Callable[[DictConfig], float], cfg: DictConfig, name: str) -> float:
    """Runs a command in as many processes as its trainer has devices."""
    from uqgen import distributed  # imports torch

    try:
        check_composed(cfg, name, HydraConfig.get().overrides.task)
        if "trainer" in cfg and cfg.trainer.devices != 1 and not distributed.is_launched():
            build(plain(cfg))  # refuses a setting here and once, not in every process
            refuse_held(Path(cfg.run))
            os.environ[OWN_TORCHRUN] = "1"
            distributed.launch(cfg.trainer.devices, f"uqgen.{name}", as_typed(f"run={cfg.run}"))  # which holds the time
        if "trainer" in cfg and distributed.is_launched():
            given = any(override.startswith("run=") for override in HydraConfig.get().overrides.task)
            require(given, "run", cfg.run, "one for all processes that torchrun starts, so say run=...")
        distributed.use_own_gpu()
        return task(cfg)
    except Stopped as stop:
        stop.run = cfg.get("run")
        raise
    except ExplainedError as error:  # caught here, before Hydra adds a line of its own
        _refuse(str(error))
    except OSError as error:
        if error.errno not in (*NOT_WRITABLE, *NO_FOLDER):
            raise
        where = error.filename2 or error.filename or cfg.get("run") or "a file"
        _refuse(f"{one_line(str(where))}: cannot be read or written ({error.strerror}); what was there before is whole")
    except MissingMandatoryValue as error:
        _refuse(str(SettingError(str(error.full_key), "???", "a value of your own; there is no default")))
    finally:
        distributed.leave()


def _run_sweep(name: str, line: CommandLine, start: Callable[[], Any]) -> NoReturn:
    with initialized(command_folder(name), line.own):
        parsed = zip(line.overrides, parse(line.overrides), strict=True)
        given = [text for text, override in parsed if not override.is_sweep_override()]
        shared = hydra.compose(name, given, return_hydra_config=True)
        check_composed(shared, name, given)
        HydraConfig.instance().set_config(shared)  # for ${hydra:...}
        sweep = plan_sweep(shared, line.overrides)
    print(f"uqgen: {len(sweep.jobs) or 'several'} jobs in {sweep.folder}")  # noqa: T201
    sys.argv[1:] = [*sys.argv[1:], *sweep.arguments]
    try:
        with stoppable(partial(end_jobs, sweep.folder)):
            start()
    except (HydraException, OmegaConfBaseException):
        raise
    except Exception as error:  # a launcher gave up; jobs that it started may be complete, or still run
        print(f"uqgen: the launcher gave up: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    sys.exit(finish_sweep(sweep))


def _again(name: str, typed: list[str], stop: Stopped) -> str:
    """The command line that goes on with what was begun."""
    is_given = stop.run is None or any(argument.startswith("run=") for argument in typed)
    arguments = typed if is_given else [*typed, f"run={stop.run}"]
    return f"{'torchrun ...' if 'RANK' in os.environ else 'python'} -m uqgen.{name} {shlex.join(arguments)}"


def _refuse(message: str) -> NoReturn:
    _tell(message)
    sys.exit(2)


def _tell(message: str) -> None:
    if os.environ.get("RANK", "0") == "0":  # every process of one run finds the same mistake
        print(f"uqgen: {message}", file=sys.stderr, flush=True)  # noqa: T201
