"""The sections of a command's settings: what stands beside them would be ignored, so it is refused."""

from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from uqgen.old_names import new_setting
from uqgen.run_folder import Plain, flatten
from uqgen.settings import SettingError, require

OF_LISTS = ("callbacks", "logger")  # groups of which several may be chosen, or none
GROUPS = {"judge": "classifier@judge"}  # of choices that make a section of another name
PACKAGE_LINE = "# @package _global_"


def refuse_misplaced(cfg: DictConfig, file: Path) -> None:
    """Refuses what no command reads, and a section that is taken away or is none.

    Args:
        cfg: composed.
        file: the command's, in conf/.

    Raises:
        SettingError: so it is.
    """
    settings: Plain = OmegaConf.to_container(cfg)  # type: ignore[assignment]
    settings.pop("hydra", None)  # Hydra's own, which it checks
    usual = _usual(file)
    for key in settings:
        if key not in usual:
            value = "..." if isinstance(settings[key], dict) else settings[key]
            raise SettingError(key, value, _instead(key, usual, settings, file.parent))
    for key in usual:
        lacking = f"a value or a choice; only {' and '.join(OF_LISTS)} can be taken away"
        require(key in settings or key in OF_LISTS, key, "nothing", lacking)
        if key in settings:
            _check_kind(key, settings[key], usual[key])


def nearest(name: str, known: Collection[str]) -> str:
    """The known names that are spelt like this one; all of them where none is."""
    return ", ".join(get_close_matches(name, known) or known)


@cache
def _usual(file: Path) -> Plain:
    """The sections of a command; those of choices make something, and nothing more is known of them."""
    content: Plain = OmegaConf.to_container(OmegaConf.load(file))  # type: ignore[assignment]
    chosen = [each for each in content.pop("defaults") if isinstance(each, dict)]
    for group, choice in (item for each in chosen for item in each.items()):
        options, _, name = group.partition("@")
        if choice and not group.startswith("override ") and not _is_global(file.parent / options / f"{choice}.yaml"):
            content[name or options] = {} if group in OF_LISTS else {"_target_": "???"}
    return {key: value for key, value in content.items() if key != "hydra"}


def _is_global(file: Path) -> bool:
    """Whether a choice sets what is elsewhere."""
    return PACKAGE_LINE in file.read_text(encoding="utf-8").splitlines()


def _check_kind(key: str, value: Any, usual: Any) -> None:
    if isinstance(usual, dict):
        is_made = "_target_" in usual
        allowed = f"a choice: {GROUPS.get(key, key)}=NAME" if is_made else f"settings: {', '.join(usual)}"
        require(isinstance(value, dict) and (not is_made or "_target_" in value), key, value, allowed)
        for name in value if usual and not is_made else ():
            require(name in usual, f"{key}.{name}", value[name], nearest(name, usual))
    if isinstance(usual, str):
        require(isinstance(value, str | int | float), key, value, "text")


def _instead(key: str, usual: Plain, settings: Plain, folder: Path) -> str:
    """What is allowed in place of a section that there is not."""
    if new := new_setting(key):
        return f"{new}, its new name"
    if (folder / key).is_dir():
        return f"settings in a file that begins with {PACKAGE_LINE}"
    deeper = [name for name in flatten(settings) if name.endswith(f".{key}")]
    return ", ".join(deeper) or nearest(key, usual)
