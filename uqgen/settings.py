"""One way to refuse a setting: its name, its value and what is allowed, in one line."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

HIGHEST_SEED = 2**31 - 1


class ExplainedError(Exception):
    """An error whose message says what to do; the commands show it without a traceback."""


class SettingError(ExplainedError, ValueError):
    """A setting has a value that is not allowed.

    The message is one line, ``name=value: allowed: ...``, fit to be shown to a user as it is, whatever names of files
    are in it.
    """

    def __init__(self, name: str, value: Any, allowed: str) -> None:
        super().__init__(one_line(f"{name}={value}: allowed: {allowed}"))
        self.name, self.value, self.allowed = name, value, allowed

    def __reduce__(self) -> tuple[type, tuple[str, Any, str]]:
        # Exceptions are pickled with their message alone; a job of a sweep hands them to another process.
        return type(self), (self.name, self.value, self.allowed)

    def under(self, section: str) -> "SettingError":
        """The same error with the name it has in the composed configuration, ``section.name``."""
        return SettingError(f"{section}.{self.name}", self.value, self.allowed)


def one_line(message: str) -> str:
    r"""A message in which characters that are not shown, as names of files may have, are escaped.

    Examples:
        >>> one_line("a\nb")
        'a\\nb'
    """
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in message)


@contextmanager
def naming(section: str) -> Iterator[None]:
    """A setting that is refused within the block is named as it stands in the composed configuration."""
    try:
        yield
    except SettingError as error:
        raise error.under(section) from None


@contextmanager
def known_as(given: str, name: str) -> Iterator[None]:
    """A setting that is refused within the block by a name is named as the user gave it.

    Args:
        given: the user's name of it.
        name: the other, under which it was handed on.
    """
    try:
        yield
    except SettingError as error:
        if error.name != name:
            raise
        raise SettingError(given, error.value, error.allowed) from None


def plain_number(value: Any) -> Any:
    """A number of NumPy or torch as one of Python; all else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def require(condition: bool, name: str, value: Any, allowed: str) -> None:
    """Raises a `SettingError` unless the condition holds."""
    if not condition:
        raise SettingError(name, value, allowed)


def require_bool(name: str, value: Any) -> None:
    """Raises a `SettingError` unless the value is True or False: any other word would count as true."""
    require(isinstance(value, bool), name, value, "true or false")


def require_integer(name: str, value: Any, minimum: int) -> None:
    """Raises a `SettingError` unless the value is an integer of at least the minimum."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    require(is_integer and value >= minimum, name, value, f"an integer of at least {minimum}")


def require_seed(name: str, value: Any) -> None:
    """Raises a `SettingError` unless the value is a seed: NumPy takes none of 2**32, and others follow from it."""
    require_integer(name, value, 0)
    require(value <= HIGHEST_SEED, name, value, f"an integer from 0 to {HIGHEST_SEED}")


def require_number(name: str, value: Any, low: float, high: float = float("inf")) -> None:
    """Raises a `SettingError` unless the value is a number in [low, high]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    bounds = f"a number from {low:g} to {high:g}" if high < float("inf") else f"a number of at least {low:g}"
    require(is_number and low <= value <= high and abs(value) < float("inf"), name, value, bounds)


def require_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raises a `SettingError` unless the value is one of the choices."""
    require(value in choices, name, value, ", ".join(sorted(choices)))


def require_list(name: str, value: Any, of: str) -> None:
    """Raises a `SettingError` unless the value is a list with something in it; `of` says what, as "of seeds"."""
    require(isinstance(value, list | tuple) and len(value) > 0, name, value, f"a list {of}")


def require_points(shape: Collection[int], instead: str) -> None:
    """Raises a `SettingError` unless data of this shape are points; `instead` is what takes images."""
    allowed = f"networks for data of shape {tuple(shape)}, as {instead} has"
    require(len(shape) == 1, "_target_", "a network for points", allowed)
