"""Scores of uncertainty, one file each; a file in this folder is found without being listed anywhere."""

from importlib import import_module
from pkgutil import iter_modules

from uqgen.scores.score import SCORES, Score, get_score

for _module in iter_modules(__path__, prefix=f"{__name__}."):
    import_module(_module.name)

__all__ = ["SCORES", "Score", "get_score"]
