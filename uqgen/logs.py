"""What the commands say, on the terminal and in the run's folder."""

import logging
from pathlib import Path

from rich.logging import RichHandler


def log_to(path: Path) -> None:
    """Sends what uqgen logs to the terminal, and appends it to a file."""
    file = logging.FileHandler(path)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    terminal = RichHandler(show_path=False, show_level=False, log_time_format="%H:%M:%S")
    root = logging.getLogger("uqgen")
    for handler in root.handlers[:]:  # of an earlier run in the same process
        root.removeHandler(handler)
        handler.close()
    root.handlers = [terminal, file]
    root.setLevel(logging.INFO)
    root.propagate = False
