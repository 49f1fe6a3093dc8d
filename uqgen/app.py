"""``python -m uqgen.app run=DIR``: a page on this machine to make images with a trained run by hand."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from uqgen.config import plain, run_command
from uqgen.settings import ExplainedError, SettingError, require, require_integer
from uqgen.stopping import Stopped

if TYPE_CHECKING:
    from gradio import Blocks

    from uqgen.run import Run

ADDRESS = "127.0.0.1"  # nobody else's machine
LAST_PORT = 65535


def explorer(run: "Run") -> "Blocks":
    """The page, not served yet.

    Args:
        run: a trained run of images.

    Raises:
        ExplainedError: Gradio is not installed.
        SettingError: the run's data are points.
    """
    require(run.experiment.data.is_image, "run", run.folder.path, "a run of images")
    return page_builder()(run)


def page_builder() -> "Callable[[Run], Blocks]":
    """What makes the page of a run.

    Raises:
        ExplainedError: Gradio is not installed.
    """
    # Read as Gradio is imported: no other machine is contacted.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from uqgen.explorer.gradio_page import build_page
    except ImportError as error:
        raise ExplainedError('the explorer needs pip install "uqgen[app]"') from error
    return build_page


def serve(page: "Blocks", port: int, *, wait: bool = True) -> None:
    """Serves the page on this machine, and says where.

    Args:
        page: from `explorer`.
        port: where to listen.
        wait: until Ctrl-C; otherwise the page is served in the background until it is closed.

    Raises:
        SettingError: the port is taken.
    """
    from uqgen.explorer.gradio_page import CSS, THEME

    try:
        page.launch(
            server_name=ADDRESS, server_port=port, share=False, ssr_mode=False, quiet=True, show_error=True,
            prevent_thread_lock=True, footer_links=[], theme=THEME, css=CSS,
        )  # fmt: skip
    except OSError as error:
        raise SettingError("port", port, "a port that nobody listens on") from error
    print(f"explorer: http://{ADDRESS}:{port}", flush=True)  # noqa: T201
    if not wait:
        return
    try:
        page.block_thread()
    except Stopped as stop:
        if stop.signal != signal.SIGINT:  # which is how it is meant to end
            raise
        page.close()


def main(cfg: DictConfig) -> float:
    """Loads a run and serves its page until Ctrl-C."""
    settings = plain(cfg)
    port = settings["port"]
    require_integer("port", port, 1)
    require(port <= LAST_PORT, "port", port, f"1 to {LAST_PORT}")
    from uqgen.run_folder import RunFolder  # slow imports, which --help need not wait for
    from uqgen.run_loading import load_run, permissions

    folder = RunFolder(Path(settings["run"]))
    folder.read_settings()  # refuses what is no run, and then a missing Gradio, before anything that takes long
    page_builder()
    serve(explorer(load_run(folder, **permissions(settings))), port)
    return 0.0


if __name__ == "__main__":
    run_command("app", main)
