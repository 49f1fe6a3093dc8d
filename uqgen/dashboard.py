"""``python -m uqgen.dashboard entity=... project=...``: a W&B workspace that shows what a project's runs log."""

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.files import write_atomically
from uqgen.loggers.wandb_name import require_wandb_name
from uqgen.settings import ExplainedError, SettingError, require

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Workspace

SECONDS = 5  # that W&B has for each answer, unless WANDB_HTTP_TIMEOUT says otherwise


def build_workspace(entity: str, project: str) -> "Workspace":
    """The workspace, not saved.

    Args:
        entity: the user or the team that owns the project; may be empty as long as nothing is saved.
        project: its name.

    Raises:
        ExplainedError: the package that builds workspaces is not installed.
    """
    try:
        from uqgen.loggers.workspace import workspace
    except ImportError as error:
        raise ExplainedError("the dashboard needs pip install 'uqgen[dashboard]'") from error
    return workspace(entity, project)


def write_specification(workspace: "Workspace", file: Path) -> None:
    """Writes a workspace's specification as JSON, and says so; a file that is there already is replaced, whole.

    Raises:
        SettingError: the file cannot be written.
    """
    from uqgen.loggers.workspace import specification

    replaced = file.exists()
    content = json.dumps(specification(workspace), indent=2) + "\n"
    try:
        write_atomically(file, content.encode())
    except OSError as error:
        raise SettingError("file", file, f"a file that can be written ({error.strerror})") from error
    _say(f"specification: {file.resolve()}{' (replaced the one that was there)' if replaced else ''}")


def save(workspace: "Workspace") -> str:
    """Saves a workspace online as a new view of its project, and returns its address.

    Raises:
        ExplainedError: W&B cannot be reached, or refuses it.
    """
    import wandb

    server = wandb.setup().settings.base_url
    try:
        workspace.save()
        return workspace.url
    except Exception as error:  # what can refuse it on the way there and back has no class in common
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ExplainedError(
            f"W&B did not save the workspace ({reason.removesuffix('.')}). Can {server} be reached, and may your key "
            f"write to {workspace.entity}/{workspace.project}? To try again: {_command(workspace)}"
        ) from error


def dashboard(cfg: DictConfig) -> float:
    """Saves the workspace, or without a key writes its specification; returns whether it was saved, 1 or 0."""
    # Read as wandb is imported. Its own lines would come beside ours.
    os.environ.setdefault("WANDB_HTTP_TIMEOUT", str(SECONDS))
    os.environ.setdefault("WANDB_SILENT", "true")
    settings = plain(cfg)
    project, file = require_wandb_name("project", settings["project"]), Path(settings["file"])
    entity = "" if settings["entity"] is None else require_wandb_name("entity", settings["entity"])
    workspace = build_workspace(entity, project)

    from uqgen.loggers.wandb_account import has_key  # slow imports, which --help need not wait for

    if not has_key():
        write_specification(workspace, file)
        _say(f"There is no W&B key, so nothing was saved online. After wandb login: {_command(workspace)}")
        return 0.0
    require(bool(entity), "entity", None, "the user or the team that owns the project, entity=NAME")
    try:
        address = save(workspace)
    except ExplainedError:
        write_specification(workspace, file)
        raise
    _say(f"dashboard: {address}")
    return 1.0


def _command(workspace: "Workspace") -> str:
    names = [f"entity={workspace.entity or 'ENTITY'}", f"project={workspace.project}"]
    return f"python -m uqgen.dashboard {shlex.join(names)}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    run_command("dashboard", dashboard)
