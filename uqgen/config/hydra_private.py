"""What we use of Hydra that it does not promise to keep: private names, and the wording of its errors."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import hydra
from hydra._internal.hydra import Hydra
from hydra._internal.utils import _locate, create_config_search_path, get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override as Override
from hydra.core.override_parser.types import Quote, QuotedString, ValueType
from hydra.errors import HydraException, InstantiationException
from hydra.types import RunMode

OWN = "command-line"  # how Hydra calls the place of --config-dir


@dataclass(frozen=True)
class CommandLine:
    """What is requested on the command line.

    Attributes:
        overrides: settings and choices, such as ``seed=1``.
        multirun: whether it is a sweep.
        own: folder of further settings, of ``--config-dir``; None where there is none.
    """

    overrides: list[str]
    multirun: bool
    own: str | None


@dataclass(frozen=True)
class MissingChoice:
    """A choice that there is not.

    Attributes:
        group: such as "experiment".
        name: what was chosen.
        options: what could be.
    """

    group: str
    name: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class NotMade:
    """An object that could not be made.

    Attributes:
        key: of the object's settings, within those that were to be made; empty for the outermost object.
        unknown: the import path that does not exist; None if it exists.
        target: what was called; "..." where that is not said.
    """

    key: str
    unknown: str | None
    target: str


def command_line() -> CommandLine:
    """What Hydra will read from this program's command line."""
    arguments, _ = get_args_parser().parse_known_args()
    return CommandLine(arguments.overrides, arguments.multirun, arguments.config_dir)


def locate(path: str) -> Any:
    """What ``hydra.utils.instantiate`` would call for this ``_target_``.

    Raises:
        Exception: there is no such thing.
    """
    return _locate(path)


@contextmanager
def initialized(folder: Path, own: str | None = None) -> Iterator[None]:
    """Hydra knows these settings within the block, for ``hydra.compose``.

    Args:
        folder: of the settings.
        own: of further ones, as the command line's ``--config-dir`` has it.
    """
    with hydra.initialize_config_dir(str(folder.absolute()), version_base="1.3"):
        if own is not None:
            path = create_config_search_path(str(folder.absolute()))
            path.prepend(OWN, f"file://{Path(own).absolute()}", SearchPathQuery(provider="schema"))
            GlobalHydra.instance().clear()
            Hydra.create_main_hydra2("app", path)
        yield


def lists_of_choices(command: str, overrides: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Groups of which several choices make one section, whose settings Hydra mixes; none without files of one's own.

    Hydra is initialised.

    Args:
        command: name of the command's file.
        overrides: of the command line.

    Yields:
        Each group with what is chosen of it. What files of a group take over from others of the same is no choice.
    """
    loader = GlobalHydra.instance().config_loader()
    if not any(place.provider == OWN for place in loader.get_search_path().get_path()):
        return  # our files have no such lists, and to look takes as long as to compose
    found = loader.compute_defaults_list(command, list(overrides), RunMode.RUN).defaults
    members = defaultdict(list)
    for each in found:
        path, parent = PurePosixPath(each.config_path), PurePosixPath(each.parent or "")
        if path.parent != parent.parent:
            members[parent, path.parent, each.package].append(path.name)
    yield from ((str(group), names) for (_, group, _), names in members.items() if len(names) > 1)


def parse(overrides: Sequence[str]) -> list[Override]:
    """What these mean; a pattern such as ``glob(*)`` stands for what there is, where Hydra is initialised.

    Raises:
        HydraException: one means nothing.
    """
    known = GlobalHydra.instance()
    parser = OverridesParser.create(config_loader=known.config_loader() if known.is_initialized() else None)
    return parser.parse_overrides(list(overrides))


def value_of(text: str) -> Any:
    """What Hydra takes a value on the command line for; None where it takes it for nothing, or for several."""
    try:
        (override,) = parse([f"value={text}"])
    except HydraException:
        return None
    return None if override.is_sweep_override() else override.value()


def swept_values(text: str) -> list[Any] | None:
    """What Hydra takes the values of a sweep for, that have commas between them; None where it takes them for none."""
    try:
        (override,) = parse([f"value={text}"])
    except HydraException:
        return None
    if override.value_type != ValueType.SIMPLE_CHOICE_SWEEP:
        return None
    return [value.text if isinstance(value, QuotedString) else value for value in override.sweep_iterator()]


def is_sweep_function(text: str) -> bool:
    """Whether a value is a ``choice(...)``, a ``range(...)`` or the like."""
    try:
        (override,) = parse([f"value={text}"])
    except HydraException:
        return False
    return override.is_sweep_override() and override.value_type != ValueType.SIMPLE_CHOICE_SWEEP


def quoted(text: str) -> str:
    """A text as Hydra's command line takes it, whatever characters it has."""
    return QuotedString(text, Quote.single).with_quotes()


def missing_choice(error: Exception) -> MissingChoice | None:
    """Of an error of composing."""
    found = re.search(
        r"Could not find '(.+)/(.+)'.*Available options in '.+?':\s(.*?)\nConfig search", str(error), re.DOTALL
    )
    return MissingChoice(found[1], found[2], tuple(found[3].split())) if found else None


def unknown_setting(error: Exception) -> str | None:
    """The key that no setting and no choice has, of an error of composing."""
    found = re.search(r"Could not override '(.+?)'", str(error))
    return found[1] if found else None


def chosen_twice(error: Exception) -> str | None:
    """The choice that was added, though it was there, of an error of composing."""
    found = re.search(r"Multiple values for (.+?)\. |^(\S+) appears more than once", str(error))
    return found[1] or found[2] if found else None


def not_made(error: InstantiationException) -> NotMade:
    """Of an error of ``hydra.utils.instantiate``."""
    message = str(error)
    unknown = re.match("Error locating target '(.+?)'", message)
    target = re.search("Error in (?:call to target |.*for |creating partial.)'?([\\w.]+)", message)
    key = message.rpartition("full_key: ")[2].strip() if "full_key: " in message else ""
    return NotMade(key, unknown[1] if unknown else None, target[1] if target else "...")
