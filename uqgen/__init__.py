"""uqgen: what makes an image classifier uncertain, answered with images made on demand."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uqgen.run import Run

__all__ = ["load"]
__version__ = "0.2.0"


def load(folder: str | Path, *, allow_changed: bool = False, trust_code: bool = False) -> "Run":
    """A trained run, to make images with and to look at what it reached; see `uqgen.run.Run`.

    Args:
        folder: of the run, such as "runs/demo".
        allow_changed: goes on where data or classifiers changed since the run was started.
        trust_code: whether import paths and programs of others that the run names are run, where it was not made here.

    Raises:
        SettingError: there is no run in the folder, its training is not complete, or it names code of others.

    Examples:
        >>> run = uqgen.load("runs/demo")  # doctest: +SKIP
        >>> run.generate(label=3, score=0.6, n=16).score_out  # doctest: +SKIP
    """
    # They import torch, which nobody should wait for who only imports the package.
    from uqgen.run_folder import RunFolder
    from uqgen.run_loading import load_run

    return load_run(RunFolder(Path(folder)), allow_changed=allow_changed, trust_code=trust_code)
