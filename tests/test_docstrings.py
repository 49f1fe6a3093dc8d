"""Examples in docstrings run, and packages say what is public."""

import doctest
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import uqgen

PACKAGE = Path(uqgen.__file__).parent
PATHS = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("module", [name_of(path) for path in PATHS if ">>> " in path.read_text()])
def test_the_examples_run(module):
    failed, tried = doctest.testmod(import_module(module))
    assert tried or module in ("uqgen", "uqgen.run")  # whose examples need a trained run
    assert not failed


@pytest.mark.parametrize("package", [name_of(path) for path in PATHS if path.name == "__init__.py"])
def test_a_package_says_what_is_public(package):
    module = import_module(package)
    for name in module.__all__:
        assert hasattr(module, name) or find_spec(f"{package}.{name}")
