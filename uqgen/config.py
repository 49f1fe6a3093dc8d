"""The one place that knows Hydra: from the settings in conf/ and on the command line to objects."""

import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from uqgen.settings import ExplainedError, SettingError, require
from uqgen.sweep import finish_sweep, plan_sweep, run_job

if TYPE_CHECKING:
    from uqgen.experiment import Experiment
    from uqgen.hardware import Hardware

PACKAGE = Path(__file__).parent
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parent / "conf"


def compose(overrides: list[str], command: str = "train") -> DictConfig:
    """The settings of a command, as its command line would compose them.

    Args:
        overrides: such as ``["experiment=moons", "seed=1"]``.
        command: name of a file in conf/.

    Raises:
        hydra.errors.HydraException: a setting or a choice does not exist.
    """
    with hydra.initialize_config_dir(str(_folder(command)), version_base="1.3"):
        return hydra.compose(command, overrides)  # without the `hydra` node


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The settings as plain values, everything resolved."""
    return OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[return-value]


def build(settings: dict[str, Any]) -> "Experiment":
    """The parts of an experiment.

    Args:
        settings: plain values, as `conf/train.yaml` composes them.

    Raises:
        SettingError: a setting has a value that is not allowed.
    """
    from uqgen.experiment import Experiment
    from uqgen.generators.fit import Intervals

    if "model" not in settings:
        earlier = "one that this version trained: earlier ones called the model gan, with other networks"
        raise SettingError("run", settings.get("run", "..."), earlier)
    cfg = OmegaConf.create(settings)
    data = _instantiate(cfg, "data")
    experiment = Experiment(
        name=settings["name"],
        data=data,
        classifier=_instantiate(cfg, "classifier"),
        judge=_instantiate(cfg, "judge"),
        identities={
            "data": {key: value for key, value in settings["data"].items() if key not in ("folder", "batch_size")},
            **{kind: _identity(settings, kind) for kind in ("classifier", "judge")},
        },
        score=_instantiate(cfg, "score"),
        encoding=_instantiate(cfg, "condition"),
        sampler=_instantiate(cfg, "sampler"),
        enforcement=_instantiate(cfg, "enforcement"),
        n_siblings=settings["enforcement"].get("n_siblings", 0),
        guidance=_instantiate(cfg, "guidance"),
        model=_instantiate(cfg, "model"),
        intervals=_under("intervals", lambda: Intervals(**settings["intervals"])),
        evaluation=_instantiate(cfg, "evaluation"),
        hardware=_under("trainer", lambda: _hardware(cfg)),
        callbacks=_instantiate_each(cfg, "callbacks"),
        loggers=_instantiate_each(cfg, "logger"),
        cache=Path(settings["cache"]),
    )
    _try_out(experiment)
    return experiment


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
    start = hydra.main(version_base="1.3", config_path=str(_folder(name)), config_name=name)(job)
    arguments, _ = get_args_parser().parse_known_args()
    try:
        if arguments.multirun:
            require(sweeps, "--multirun", "", "with python -m uqgen.train alone")
            _run_sweep(name, arguments.overrides, start)
        else:
            start()
    except ExplainedError as error:
        _refuse(str(error))
    except (HydraException, OmegaConfBaseException) as error:
        _refuse(explain(error, name, arguments.overrides, arguments.config_dir))


def _folder(command: str) -> Path:
    """Where a command's settings lie: in a folder of its own if there is one, or in conf/ with its choices."""
    return CONF / command if (CONF / command / f"{command}.yaml").is_file() else CONF


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


def _run_sweep(name: str, overrides: list[str], start: Callable[[], Any]) -> NoReturn:
    with hydra.initialize_config_dir(str(_folder(name)), version_base="1.3"):
        parsed = zip(overrides, OverridesParser.create().parse_overrides(overrides), strict=True)
        given = [line for line, override in parsed if not override.is_sweep_override()]
        shared = hydra.compose(name, given, return_hydra_config=True)
        HydraConfig.instance().set_config(shared)  # for ${hydra:...}
        sweep = plan_sweep(shared, overrides)
    print(f"uqgen: {len(sweep.jobs) or 'several'} jobs in {sweep.folder}")  # noqa: T201
    sys.argv[1:] = [*sys.argv[1:], *sweep.arguments]
    try:
        start()
    except (HydraException, OmegaConfBaseException):
        raise
    except Exception as error:  # a launcher gave up; jobs that it started may be complete, or still run
        print(f"uqgen: the launcher gave up: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    sys.exit(finish_sweep(sweep))


def explain(error: Exception, command: str, overrides: list[str], own: str | None = None) -> str:
    """What Hydra says of a setting in several lines, in one that also says what is allowed.

    Args:
        error: raised by Hydra.
        command: name of the command's file in conf/.
        overrides: the command line that Hydra refused.
        own: folder of further settings, of --config-dir; None where there is none.
    """
    message = str(error)
    if choice := re.search(
        r"Could not find '(.+)/(.+)'.*Available options in '.+?':\s(.*?)\nConfig search", message, re.S
    ):
        group, name, options = choice.groups()
        return str(SettingError(group, name, ", ".join(options.split())))
    if unknown := re.search(r"Could not override '(.+?)'", message):
        key = unknown[1]
        value = next((o.partition("=")[2] for o in overrides if o.lstrip("+~").partition("=")[0] == key), "")
        if own is not None and Path(own, key).is_dir():  # which Hydra takes for a group of choices
            return str(SettingError(key, value, f"with a --config-dir in which no folder is called {key}, not {own}"))
        found = [*overrides, f"hydra.searchpath=[{Path(own).resolve()}]"] if own is not None else overrides
        return str(SettingError(key, value, _settings_beside(key, command, found)))
    return " ".join(line.strip() for line in message.splitlines() if line.strip())


def _settings_beside(key: str, command: str, overrides: list[str]) -> str:
    """The settings there are where `key` was looked for, as the other overrides compose them."""
    others = [o for o in overrides if "=" in o and not o.startswith("-") and o.lstrip("+~").partition("=")[0] != key]
    try:
        beside = OmegaConf.select(compose(others, command), key.rpartition(".")[0] or "", throw_on_missing=False)
    except HydraException:  # another override is wrong too
        return "settings that --help shows"
    if OmegaConf.is_dict(beside) and not beside:
        return f"with a plus, since nothing is said there yet: +{key}=..."
    names = [name for name in beside if not str(name).startswith("_")] if OmegaConf.is_dict(beside) else []
    return ", ".join(map(str, names)) or "settings that --help shows"


def _refuse(message: str) -> NoReturn:
    if os.environ.get("RANK", "0") == "0":  # every process of one run finds the same mistake
        print(f"uqgen: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


def _hardware(cfg: DictConfig) -> "Hardware":
    from uqgen.hardware import Hardware

    trainer = hydra.utils.instantiate(cfg.trainer, _convert_="all")
    return trainer if isinstance(trainer, Hardware) else Hardware.of(trainer)  # the former in runs of earlier versions


def _instantiate_each(cfg: DictConfig, group: str) -> list[Any]:
    """The members of a group of lists; none of a run of an earlier version, whose logger was one object."""
    members = cfg.get(group) or {}
    return [] if "_target_" in members else [_instantiate(cfg, f"{group}.{name}") for name in members]


def _instantiate(cfg: DictConfig, key: str) -> Any:
    return _under(key, lambda: hydra.utils.instantiate(OmegaConf.select(cfg, key), _convert_="all"))


def _under(section: str, make: Callable[[], Any]) -> Any:
    """Calls `make`; a setting it refuses is named as the user knows it."""
    try:
        return make()
    except SettingError as error:
        raise error.under(section) from None
    except InstantiationException as error:
        inner = str(error).rpartition("full_key: ")[2].strip()
        if isinstance(error.__cause__, SettingError):
            raise error.__cause__.under(inner or section) from None
        if path := re.match("Error locating target '(.+?)'", str(error)):
            allowed = f"the import path of something that is installed, or lies here ({_first_cause(error)})"
            raise SettingError(f"{inner or section}._target_", path[1], allowed) from error
        made = re.search("Error in (?:call to target |.*for |creating partial.)'?([\\w.]+)", str(error))
        name = made[1] if made else "..."
        raise SettingError(inner or section, name, f"arguments that it takes ({_first_cause(error)})") from error


def _first_cause(error: BaseException) -> str:
    """What an error began with, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())


def _identity(settings: dict[str, Any], kind: str) -> dict[str, Any]:
    chosen = {key: value for key, value in settings[kind].items() if key not in ("checkpoint", "members")}
    return {**chosen, "batch_size": settings["data"]["batch_size"]}


def _try_out(experiment: "Experiment") -> None:
    """Builds what is otherwise built late, without memory, so that what does not fit is refused early."""
    import torch

    from uqgen.classifiers.frozen import FrozenClassifier
    from uqgen.conditioning.condition import Condition
    from uqgen.experiment import Classifiers

    shape, n_classes = experiment.data.shape, experiment.data.n_classes
    experiment.check_classifiers()
    _under("evaluation", lambda: experiment.evaluation.check_range(experiment.score, n_classes))
    # One image of each class, with as many scores.
    scores = torch.linspace(0, 1, n_classes)
    second = None if experiment.score.second is None else scores
    real = Condition(torch.arange(n_classes), scores, torch.eye(n_classes), second)
    _under("condition", partial(experiment.encoding, n_classes, real))
    _under("sampler", partial(experiment.sampler, real))
    with torch.device("meta"):
        network = _under("classifier", partial(experiment.classifier.network_for, shape, n_classes))
        _under("judge", partial(experiment.judge.network_for, shape, n_classes))
        classifiers = Classifiers(FrozenClassifier(network), {}, (), {}, experiment.score)
        model = experiment.build_model(real, classifiers)
    hardware = experiment.hardware
    _under("model.training", partial(model.settings.check_batch, hardware.world_size, model.group))
