"""What Hydra refuses in several lines or without a reason, in one that says what is allowed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.errors import HydraException, InstantiationException
from omegaconf import OmegaConf

from uqgen.config.composition import CONF, compose
from uqgen.config.hydra_private import CommandLine, chosen_twice, missing_choice, not_made, parse, unknown_setting
from uqgen.config.sections import OF_LISTS
from uqgen.old_names import CHOICES, new_path, new_setting
from uqgen.run_folder import flatten
from uqgen.settings import SettingError, require

NEEDED = "experiment"  # which gives a run its name


def explain(error: Exception, command: str, line: CommandLine) -> str:
    """What Hydra says of a setting, in one line.

    Args:
        error: raised by Hydra.
        command: name of the command's file in conf/.
        line: the command line that Hydra refused.
    """
    if choice := missing_choice(error):
        new = CHOICES.get((choice.group, choice.name))
        return str(
            SettingError(choice.group, choice.name, f"{new}, its new name" if new else ", ".join(choice.options))
        )
    if key := chosen_twice(error):
        return str(SettingError(f"+{key}", _given(key, line), "without the plus, since it is chosen already"))
    if key := unknown_setting(error):
        return str(SettingError(key, _given(key, line), _allowed(key, command, line)))
    return " ".join(part.strip() for part in str(error).splitlines() if part.strip())


def refuse_unnamed_choices(line: CommandLine, folder: Path) -> None:
    """Refuses a choice without a name, such as null, true or a number, several where one is due, and no experiment.

    Hydra names no setting of the first, and mixes the second.

    Args:
        line: the command line.
        folder: of the command's settings.

    Raises:
        SettingError: there is one.
    """
    try:
        parsed = list(zip(line.overrides, parse(line.overrides), strict=True))
    except HydraException:
        return  # which Hydra itself explains
    for text, override in parsed:
        group = override.key_or_group
        files = [path for root in (folder, line.own) if root for path in Path(root, group).glob("*.yaml")]
        allowed = ", ".join(sorted({path.stem for path in files})) + (", [] for none" if group in OF_LISTS else "")
        if override.is_delete():
            require(group != NEEDED, NEEDED, "nothing", allowed)
        if not files or override.is_sweep_override() or override.is_delete():
            continue
        given, (key, _, value) = override.value(), text.partition("=")
        names = given if isinstance(given, list) else [given]
        require(all(isinstance(name, str) and name for name in names), key, value, allowed)
        is_fit = group in OF_LISTS or not isinstance(given, list)
        require(is_fit, key, value, f"one of {allowed}; several are for sweeps (-m), without brackets")


def make_under(section: str, make: Callable[[], Any]) -> Any:
    """Calls `make`; a setting it refuses is named as the user knows it.

    Args:
        section: name of the settings from which something is made.
        make: makes it, by ``hydra.utils.instantiate`` or otherwise.

    Raises:
        SettingError: it is refused.
    """
    with in_one_line(section):
        try:
            return make()
        except SettingError as error:
            raise error.under(section) from None
        except InstantiationException as error:
            found = not_made(error)
            key = found.key or section
            if isinstance(error.__cause__, SettingError):
                raise error.__cause__.under(key) from None
            if found.unknown is not None:
                new = new_path(found.unknown)
                here = f"the import path of something that is installed, or lies here ({_first_cause(error)})"
                allowed = here if new == found.unknown else f"{new}, its new name"
                raise SettingError(f"{key}._target_", found.unknown, allowed) from error
            raise SettingError(key, found.target, f"arguments that it takes ({_first_cause(error)})") from error


@contextmanager
def in_one_line(section: str) -> Iterator[None]:
    """What Python raises within the block, as of a value of another kind than is due, names the section.

    Args:
        section: name of the settings from which something is made.

    Raises:
        SettingError: something was raised.
    """
    try:
        yield
    except SettingError:
        raise
    except (TypeError, ValueError) as error:
        raise SettingError(section, "...", f"arguments that it takes ({_first_cause(error)})") from error


def _given(key: str, line: CommandLine) -> str:
    """The value that was given to a key."""
    return next((o.partition("=")[2] for o in line.overrides if _key(o) == key), "")


def _allowed(key: str, command: str, line: CommandLine) -> str:
    """What is allowed in place of a key that there is not."""
    if new := new_setting(key):
        return f"{new}, its new name"
    if line.own is not None and Path(line.own, key).is_dir():  # which Hydra takes for a group of choices
        return f"with a --config-dir in which no folder is called {key}, not {line.own}"
    parent, slash, child = key.rpartition("/")
    if slash and not any(_key(override) == key for override in line.overrides):  # in a file
        return f"a slash before a group that a file overrides: override /{child.partition('@')[0]}: ..."
    if slash:
        return f"where the {parent} that is chosen has a choice of {child}"
    above, _, last = key.rpartition(".")
    same = f"{above}." if above else key  # what is wrong beside it may be wrong as it is
    others = [override for override in line.overrides if "=" in override and not _key(override).startswith(same)]
    try:
        settings = compose(others, command, line.own)
    except (HydraException, SettingError):  # another override is wrong too
        return "settings that --help shows"
    inside = flatten(OmegaConf.to_container(settings))  # type: ignore[arg-type]
    within = above and f"{above}."
    if deeper := [name for name in inside if name.startswith(within) and name.endswith(f".{last}")]:
        return ", ".join(deeper)
    names = [name.removeprefix(within).partition(".")[0] for name in inside if name.startswith(within)]
    if shown := [name for name in dict.fromkeys(names) if not name.startswith("_")]:
        return ", ".join(shown)
    if chosen := sorted(path.stem for path in (CONF / above.replace(".", "/")).glob("*.yaml")):
        return f"once there is a choice, {above.replace('.', '/')}={' or '.join(chosen)}"
    if names or any(inside.get(parent, parent) in (None, "???", {}) for parent in _parents(key)):
        return f"with a plus, since nothing is said there yet: +{key}={_given(key, line)}"
    return "settings that --help shows"


def _parents(key: str) -> list[str]:
    """The settings that hold a setting: ``a`` and ``a.b`` of ``a.b.c``."""
    return [key[:place] for place, character in enumerate(key) if character == "."]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def _first_cause(error: BaseException) -> str:
    """What an error began with, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())
