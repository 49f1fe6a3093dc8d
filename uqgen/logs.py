"""What the commands say, on the terminal and in the run's folder."""

import logging
from pathlib import Path

from rich.logging import RichHandler

from uqgen.settings import one_line


def log_to(path: Path) -> None:
    """Sends what uqgen logs to the terminal, and appends it to a file; of several processes, the first one's alone."""
    from uqgen import distributed  # imports torch

    root = logging.getLogger("uqgen")
    for handler in root.handlers[:]:  # of an earlier run in the same process
        root.removeHandler(handler)
        handler.close()
    root.propagate = False
    root.setLevel(logging.INFO)
    if distributed.rank() > 0:
        root.handlers = [logging.NullHandler()]
        return
    file = logging.FileHandler(path)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.handlers = [RichHandler(show_path=False, show_level=False, log_time_format="%H:%M:%S"), file]
    for handler in root.handlers:
        handler.addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    """Joins the lines of errors, and escapes what names of files may have; lets every record pass."""
    record.args = tuple(" ".join(str(arg).split()) if isinstance(arg, Exception) else arg for arg in record.args or ())
    record.msg, record.args = one_line(record.getMessage()), ()
    return True
