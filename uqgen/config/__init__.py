"""All that knows Hydra: from conf/ and the command line to objects, or to one line that says why not."""

from uqgen.config.command import run_command
from uqgen.config.composition import CONF, compose, plain
from uqgen.config.construction import build

__all__ = ["CONF", "build", "compose", "plain", "run_command"]
