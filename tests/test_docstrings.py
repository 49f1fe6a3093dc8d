"""Examples in docstrings run, public classes have one, and packages say what is public."""

import ast
import doctest
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import uqgen
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.mlp import MLP
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding
from uqgen.enforcement.enforcement import EnforcementContext
from uqgen.generators.gan.mlp import MLPDiscriminator
from uqgen.scores import get_score

PACKAGE = Path(uqgen.__file__).parent
PATHS = sorted(PACKAGE.rglob("*.py"))
NEED_A_RUN = ("uqgen", "uqgen.run", "uqgen.fitting.evaluation")  # all of whose examples are skipped


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def constructed_classes() -> dict[str, str]:
    """Docstrings of the classes that a user makes, of the modules that packages name in `__all__`."""
    found = {}
    for path in PATHS:
        package = path.with_name("__init__.py")
        if path != package and path.stem in import_module(name_of(package)).__all__:
            classes = (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef))
            made = (node for node in classes if is_constructed(node))
            found |= {f"{name_of(path)}.{node.name}": ast.get_docstring(node) or "" for node in made}
    return found


def is_constructed(node: ast.ClassDef) -> bool:
    """Whether a user makes one: no base class, tuple, error or enumeration; of dataclasses, settings and recipes."""
    if node.name.startswith("_"):
        return False
    if any("dataclass" in ast.unparse(each) for each in node.decorator_list):
        return node.name.endswith(("Settings", "Training", "Recipe")) and node.name != "ModelRecipe"
    bases = " ".join(map(ast.unparse, node.bases))
    is_base = any("abstractmethod" in ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.FunctionDef))
    return not is_base and not any(kind in bases for kind in ("NamedTuple", "Protocol", "ABC", "Error", "Enum"))


def given() -> EnforcementContext:
    """What an enforcement is given, as the example of `EnforcementContext` makes it."""
    real = Condition(torch.tensor([0, 1]), torch.tensor([0.6, 1.0]))
    encoding = PaperEncoding(2, real)
    discriminator = MLPDiscriminator((2,), encoding.part_dims)
    return EnforcementContext(FrozenClassifier(MLP((2,), 2)), (), get_score("msp"), encoding, discriminator, real)


@pytest.mark.parametrize("module", [name_of(path) for path in PATHS if ">>> " in path.read_text()])
def test_the_examples_run(module):
    names = {"given": given()} if module.startswith("uqgen.enforcement.") else {}
    failed, tried = doctest.testmod(import_module(module), extraglobs=names)
    assert tried or module in NEED_A_RUN
    assert not failed


@pytest.mark.parametrize("documentation", [pytest.param(text, id=name) for name, text in constructed_classes().items()])
def test_a_public_class_has_an_example_of_its_use(documentation):
    assert ">>> " in documentation


@pytest.mark.parametrize("package", [name_of(path) for path in PATHS if path.name == "__init__.py"])
def test_a_package_says_what_is_public(package):
    module = import_module(package)
    for name in module.__all__:
        assert hasattr(module, name) or find_spec(f"{package}.{name}")
