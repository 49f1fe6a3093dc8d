"""All that knows Hydra: from conf/ and the command line to objects, or to one line that says why not."""

from uqgen.config.command import run_command
from uqgen.config.composition import CONF, compose, plain
from uqgen.config.construction import build
from uqgen.config.refusals import make_under
from uqgen.config.trust import refuse_foreign_code, remember_code

__all__ = ["CONF", "build", "compose", "make_under", "plain", "refuse_foreign_code", "remember_code", "run_command"]
