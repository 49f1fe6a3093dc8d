"""From the files in conf/ and a command line to the settings of a command."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig, OmegaConf

from uqgen.config.hydra_private import initialized, lists_of_choices
from uqgen.config.sections import OF_LISTS, refuse_misplaced
from uqgen.config.text import as_typed, with_texts
from uqgen.settings import SettingError

PACKAGE = Path(__file__).parents[1]
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parent / "conf"


def compose(overrides: list[str], command: str = "train", own: str | None = None) -> DictConfig:
    """The settings of a command, as its command line would compose them.

    Args:
        overrides: such as ``["experiment=moons", "seed=1"]``.
        command: name of a file in conf/.
        own: folder of further settings, as of ``--config-dir``.

    Raises:
        hydra.errors.HydraException: a setting or a choice does not exist.
        SettingError: as `check_composed`.
    """
    typed = [as_typed(override) for override in overrides]
    with initialized(command_folder(command), own):
        cfg = hydra.compose(command, typed)  # without the `hydra` node
        check_composed(cfg, command, typed)
    return cfg


def check_composed(cfg: DictConfig, command: str, overrides: Sequence[str]) -> None:
    """Refuses settings that Hydra composes and no command takes; Hydra is initialised.

    Args:
        cfg: composed.
        command: name of a file in conf/.
        overrides: of which it was composed.

    Raises:
        SettingError: a section does not exist, was taken away, or is mixed of several choices.
    """
    for group, names in lists_of_choices(command, overrides):
        if group not in OF_LISTS:
            raise SettingError(group, f"[{', '.join(names)}]", "one choice, also in a file's defaults")
    refuse_misplaced(cfg, command_file(command))


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The settings as plain values, everything resolved, and text where a setting is text."""
    settings: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    return with_texts(settings)


def command_folder(command: str) -> Path:
    """Where a command's settings lie: in a folder of its own if there is one, or in conf/ with its choices."""
    return CONF / command if (CONF / command / f"{command}.yaml").is_file() else CONF


def command_file(command: str) -> Path:
    """A command's settings."""
    return command_folder(command) / f"{command}.yaml"
