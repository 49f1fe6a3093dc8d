"""Modules that know which plain values they were made of, so that a checkpoint alone can make them again."""

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from lightning.pytorch.core.mixins.hparams_mixin import HyperparametersMixin
from torch import nn

from uqgen.settings import SettingError

Plain = Mapping[str, Any]
T = TypeVar("T")
TARGET = "_target_"  # as in a Hydra configuration


class DescribedModule(nn.Module, HyperparametersMixin):
    """A module that remembers the plain arguments of its constructor, as a LightningModule does.

    What a subclass takes beside plain values is named ``real``: what the real data are like, which a checkpoint keeps
    on its own; or ``encoding``, which the subclass describes itself.

    Examples:
        >>> class Layer(DescribedModule):
        ...     def __init__(self, width: int = 3) -> None:
        ...         super().__init__()
        ...         self.linear = nn.Linear(width, width)
        >>> describe(Layer(5))["width"]
        5
    """

    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["real", "encoding"], logger=False)


def describe(module: HyperparametersMixin) -> dict[str, Any]:
    """The import path of a module's class and the plain arguments of its constructor."""
    taken = inspect.signature(type(module)).parameters
    arguments = {name: _plain(value) for name, value in module.hparams.items() if name in taken}
    return {TARGET: f"{type(module).__module__}.{type(module).__qualname__}", **arguments}


def build_described(description: Plain, kind: type, **more: Any) -> Any:
    """Makes a module again.

    Args:
        description: from `describe`.
        kind: the class that it is to be of.
        more: arguments that are no plain values.

    Raises:
        SettingError: the description names something else.
    """
    path = str(description[TARGET])
    module, _, name = path.rpartition(".")
    made_by = getattr(importlib.import_module(module), name, None)
    if not (isinstance(made_by, type) and issubclass(made_by, kind)):
        raise SettingError(TARGET, path, f"the import path of a {kind.__name__}")
    return made_by(**{key: value for key, value in description.items() if key != TARGET}, **more)


def as_dataclass(given: T | Plain, kind: type[T]) -> T:
    """Settings as the dataclass that they are of, given as it is or as plain values."""
    return kind(**given) if isinstance(given, Mapping) else given


def as_plain_values(settings: Any) -> dict[str, Any]:
    """A dataclass of settings as plain values."""
    return {name: _plain(value) for name, value in asdict(settings).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
