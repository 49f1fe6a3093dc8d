"""A run's folder is data, also one from someone else: the code that its settings name is not run unasked.

Settings name code by its import path (`_target_`), and some of it takes what it does from its arguments, `os.system`
most of all. So what a run may name is what the program's own settings do: its classes, networks, data sets, transforms
and trainers. The rest, and files that are programs, is for runs that were made here, which are remembered by their
settings in the user's own folder, and for those of whom the user says so.
"""

import hashlib
import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uqgen.config.hydra_private import locate
from uqgen.run_folder import RunFolder
from uqgen.settings import SettingError

PACKAGES = ("uqgen", "torch", "torchvision", "lightning")
FUNCTIONS = (
    "uqgen.scores",
    "uqgen.data.digits",
    "uqgen.classifiers.efficientnet_lite0",
    "torchvision.models",
    "torchvision.transforms",
)
CLASSES = ("uqgen", "torchvision.transforms")  # beside networks, data sets and trainers
UNUSED = ("callbacks", "logger", "choices", "overrides")  # by a run that is loaded


def remember_code(run: RunFolder) -> None:
    """Notes that the run was made here, by this user, if its settings name code that is refused otherwise."""
    if _first_foreign(run) is not None:
        note = _note(run)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()


def refuse_foreign_code(run: RunFolder) -> None:
    """Refuses a run of someone else whose settings name code, before any of it is imported.

    Raises:
        SettingError: it is such a run.
    """
    found = _first_foreign(run)
    if found is not None and not _note(run).exists():
        allowed = (
            f"in a run that was not made here, what {', '.join(PACKAGES)} define, and no program in a file; or "
            f"trust_code=true, which runs it, if you trust whoever made {run.path}"
        )
        raise SettingError(*found, allowed)


def _first_foreign(run: RunFolder) -> tuple[str, Any] | None:
    used = {key: value for key, value in run.read_settings().items() if key not in UNUSED}
    return next(_foreign(used), None)


def _note(run: RunFolder) -> Path:
    """The note that a run with these very settings was made here; it may have moved since."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "uqgen" / "made_here" / hashlib.sha256(run.settings.read_bytes()).hexdigest()


def _foreign(settings: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values of the settings that name code of others, or may come to name it."""
    if isinstance(settings, str) and "${" in settings:  # which OmegaConf would make something else of
        yield key, settings
    parts = dict(enumerate(settings)) if isinstance(settings, list) else settings
    for name, value in parts.items() if isinstance(parts, dict) else ():
        inner = f"{key}.{name}" if key else str(name)
        if name == "_target_" and not _is_known(value):
            yield inner, value
        yield from _foreign(value, inner)


def _is_known(path: Any) -> bool:
    if not isinstance(path, str) or path.partition(".")[0] not in PACKAGES:
        return False
    try:
        found = locate(path)
    except Exception:  # there is no such thing in this version, as it will be said where it is to be made
        return True
    home = str(getattr(found, "__module__", ""))
    if not _is_in(home, PACKAGES):  # os.system is found in torch, too
        return False
    if inspect.isclass(found):
        return _is_known_class(found, home)
    return inspect.isfunction(found) and _is_in(home, FUNCTIONS)


def _is_known_class(found: type, home: str) -> bool:
    from lightning import Callback, Trainer  # slow imports
    from lightning.pytorch.loggers import Logger
    from torch.nn import Module
    from torch.utils.data import Dataset

    from uqgen.classifiers.own import FileClassifier

    if issubclass(found, FileClassifier | Logger | Callback):  # the latter two write files
        return False
    return issubclass(found, Module | Dataset | Trainer) or _is_in(home, CLASSES)


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
