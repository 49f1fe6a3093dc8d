"""Settings against the signatures of what is made of them: arguments that there are not, and values of another kind."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from uqgen.config.hydra_private import locate
from uqgen.config.sections import nearest
from uqgen.settings import require

OURS = "uqgen."  # others' signatures may say too little
LIST, SETTINGS, PART, VALUE, NULL = "a list", "settings below it", "settings with a _target_", "one value", "null"
KINDS = (VALUE, LIST, SETTINGS, PART, NULL)


def check_arguments(settings: Any, key: str) -> None:
    """Refuses arguments that something of ours does not take, and those of another kind than it takes.

    Whether a single value is a number, and of which range, is for what is made to say.

    Args:
        settings: plain values, with ``_target_`` where something is made of them.
        key: their name.

    Raises:
        SettingError: there are such arguments.
    """
    if isinstance(settings, list):
        settings = dict(enumerate(settings))
    if not isinstance(settings, dict):
        return
    if str(settings.get("_target_")).startswith(OURS):
        _check(settings, key)
    for name, value in settings.items():
        check_arguments(value, f"{key}.{name}")


def _check(settings: Mapping[str, Any], key: str) -> None:
    try:
        target = locate(settings["_target_"])
        parameters = inspect.signature(target).parameters
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except Exception:  # as it will be said where it is to be made
        return
    takes_any = any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values())
    for name, value in settings.items():
        if not name.startswith("_"):
            require(takes_any or name in parameters, f"{key}.{name}", value, nearest(name, parameters) or "no settings")
            allowed = dict.fromkeys(_kinds(hints.get(name, Any)))
            require(bool({*_kinds_of(value)} & {*allowed}), f"{key}.{name}", value, " or ".join(allowed))


def _kinds(hint: Any) -> Iterator[str]:
    """What settings there may be for an argument with this annotation."""
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        for each in get_args(hint):
            yield from _kinds(each)
    elif kind is NoneType:
        yield NULL
    elif kind in (str, int, float, bool, Path):
        yield VALUE
    elif kind is Callable:
        yield PART
    elif not inspect.isclass(kind) or kind in (object, Any):
        yield from KINDS
    elif issubclass(kind, Mapping):
        yield SETTINGS
    elif issubclass(kind, Sequence):
        yield LIST
    else:
        yield PART


def _kinds_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield SETTINGS
        if "_target_" in value:
            yield PART
    else:
        yield LIST if isinstance(value, list) else NULL if value is None else VALUE
