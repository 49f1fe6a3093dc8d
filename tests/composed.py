"""Settings composed once for many tests."""

from copy import deepcopy
from functools import cache

from omegaconf import DictConfig, OmegaConf

from uqgen.config import CONF, compose
from uqgen.config.hydra_private import value_of


def composed(overrides: list[str]) -> DictConfig:
    """As `compose` of `uqgen.train`, which takes longer than the rest of a test: once for the same choices.

    What a command line may have is tested by tests/config/test_composition.py and others.
    """
    choices, values = [], {}
    for override in overrides:
        name, _, value = override.partition("=")
        if (CONF / name.partition("@")[0].lstrip("+")).is_dir():
            choices.append(override)
        else:
            values[name.lstrip("+")] = value_of(value)
    cfg = deepcopy(_composed(*choices))
    for name, value in values.items():
        OmegaConf.update(cfg, name, value, merge=False, force_add=True)
    return cfg


@cache
def _composed(*choices: str) -> DictConfig:
    return compose(list(choices))
