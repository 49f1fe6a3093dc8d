"""``python -m uqgen.dashboard entity=... project=...``: the W&B workspace of in against out."""

import json
import logging
from pathlib import Path

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import ExplainedError

log = logging.getLogger("uqgen.dashboard")


def dashboard(cfg: DictConfig) -> float:
    """Saves the workspace at W&B; without a key, or where W&B cannot be reached, its specification as a file.

    Raises:
        ExplainedError: wandb-workspaces is not installed, or W&B did not take the workspace.
    """
    try:
        from uqgen.tracking.workspace import specification, workspace
    except ImportError as error:
        raise ExplainedError(f"pip install 'uqgen[dashboard]' brings what builds workspaces ({error})") from error
    from uqgen.files import write_atomically
    from uqgen.tracking.wandb_account import has_key

    settings = plain(cfg)
    view = workspace(settings["entity"] or "", settings["project"])
    file = Path(settings["file"])
    write_atomically(file, (json.dumps(specification(view), indent=2) + "\n").encode())
    print(f"the workspace's specification: {file}")  # noqa: T201
    if not (has_key() and settings["entity"]):
        print("to save it at W&B: wandb login, then the same command with entity= and project=")  # noqa: T201
        return 0.0
    try:
        view.save()
    except Exception as error:  # the package raises what its transport raises
        reason = " ".join(str(error).split())[:200]
        raise ExplainedError(f"W&B did not take the workspace ({reason}); its specification is in {file}") from error
    return 0.0


if __name__ == "__main__":
    run_command("dashboard", dashboard)
