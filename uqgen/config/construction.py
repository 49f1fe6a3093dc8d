"""From settings to the parts of an experiment."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from omegaconf import DictConfig, OmegaConf

from uqgen.config.arguments import check_arguments
from uqgen.config.refusals import in_one_line, make_under
from uqgen.settings import SettingError, require, require_bool

if TYPE_CHECKING:
    from uqgen.experiment import Experiment
    from uqgen.hardware import Hardware


def build(settings: dict[str, Any]) -> "Experiment":
    """The parts of an experiment.

    Args:
        settings: plain values, as `conf/train.yaml` composes them.

    Raises:
        SettingError: a setting has a value that is not allowed.
    """
    from uqgen.experiment import Experiment

    if "model" not in settings:
        earlier = "one that this version trained: earlier ones called the model gan, with other networks"
        raise SettingError("run", settings.get("run", "..."), earlier)
    allow_changed = settings.get("allow_changed", False)
    require_bool("allow_changed", allow_changed)
    require(not Path(settings["cache"]).is_file(), "cache", settings["cache"], "a folder, or none yet")
    settings = {**settings, "intervals": {"_target_": "uqgen.fitting.fit.Intervals", **settings["intervals"]}}
    for key, section in settings.items():
        check_arguments(section, key)
    cfg = OmegaConf.create(settings)
    data = _instantiate(cfg, "data")
    experiment = Experiment(
        name=settings["name"],
        data=data,
        classifier=_instantiate(cfg, "classifier"),
        judge=_instantiate(cfg, "judge"),
        identities={
            "data": {
                key: value for key, value in settings["data"].items() if key not in ("folder", "batch_size", "cache")
            },
            **{kind: _identity(settings, kind) for kind in ("classifier", "judge")},
        },
        score=_instantiate(cfg, "score"),
        encoding=_instantiate(cfg, "condition"),
        sampler=_instantiate(cfg, "sampler"),
        enforcement=_instantiate(cfg, "enforcement"),
        guidance=_instantiate(cfg, "guidance"),
        model=_instantiate(cfg, "model"),
        intervals=_instantiate(cfg, "intervals"),
        evaluation=_instantiate(cfg, "evaluation"),
        callbacks=_instantiate_each(cfg, "callbacks"),
        loggers=_instantiate_each(cfg, "logger"),
        hardware=make_under("trainer", lambda: _hardware(cfg)),
        cache=Path(settings["cache"]),
        allow_changed=allow_changed,
    )
    _try_out(experiment)
    return experiment


def _hardware(cfg: DictConfig) -> "Hardware":
    from uqgen.hardware import Hardware

    trainer = hydra.utils.instantiate(cfg.trainer, _convert_="all")
    return trainer if isinstance(trainer, Hardware) else Hardware.of(trainer)  # the former in runs of earlier versions


def _instantiate_each(cfg: DictConfig, group: str) -> list[Any]:
    """The members of a group of lists; none of a run of an earlier version, whose logger was one object."""
    members = cfg.get(group) or {}
    return [] if "_target_" in members else [_instantiate(cfg, f"{group}.{name}") for name in members]


def _instantiate(cfg: DictConfig, key: str) -> Any:
    return make_under(key, lambda: hydra.utils.instantiate(OmegaConf.select(cfg, key), _convert_="all"))


def _identity(settings: dict[str, Any], kind: str) -> dict[str, Any]:
    chosen = {key: value for key, value in settings[kind].items() if key not in ("checkpoint", "members")}
    return {**chosen, "batch_size": settings["data"]["batch_size"]}


def _try_out(experiment: "Experiment") -> None:
    """Builds what is otherwise built late, without memory, so that what does not fit is refused early."""
    import torch

    from uqgen.classifier_roles import Classifiers
    from uqgen.classifiers.frozen import FrozenClassifier
    from uqgen.conditioning.condition import Condition

    shape, n_classes = experiment.data.shape, experiment.data.n_classes
    experiment.roles.check()
    make_under("evaluation", lambda: experiment.evaluation.check_range(experiment.score, n_classes))
    # One image of each class, with as many scores.
    scores = torch.linspace(0, 1, n_classes)
    second = None if experiment.score.second is None else scores
    real = Condition(torch.arange(n_classes), scores, torch.eye(n_classes), second)
    make_under("condition", partial(experiment.encoding, n_classes, real))
    make_under("sampler", partial(experiment.sampler, real))
    with torch.device("meta"):
        network = make_under("classifier", partial(experiment.classifier.network_for, shape, n_classes))
        judge = make_under("judge", partial(experiment.judge.network_for, shape, n_classes))
        target = FrozenClassifier(network)
        with in_one_line("model"):
            model = experiment.build_model(real, Classifiers(target, {}, (), {}, experiment.score))
    experiment.roles.adapted(target, "classifier")
    if experiment.evaluation.n_judges:
        experiment.roles.adapted(FrozenClassifier(judge), "judge")
    hardware = experiment.hardware
    make_under("model.training", partial(model.settings.check_batch, hardware.world_size, model.group))
