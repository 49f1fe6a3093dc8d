"""Imports follow the way of the data and never turn back: no module of the package is in a circle of them."""

import ast
from collections import defaultdict
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import uqgen


def modules(package: Path) -> dict[str, Path]:
    """The modules of a package by name."""
    paths = {path.relative_to(package.parent).with_suffix(""): path for path in package.rglob("*.py")}
    return {".".join(parts.parts).removesuffix(".__init__"): path for parts, path in paths.items()}


def imported(path: Path, known: dict[str, Path]) -> set[str]:
    """The known modules that a file imports anywhere: at its top, for types alone, or within a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            children = {f"{node.module}.{name.name}" for name in node.names}
            found |= (children & known.keys()) or {node.module}
    return found & known.keys()


def top_level(name: str) -> str:
    """The package within uqgen, or the module right in it, that a module belongs to."""
    return ".".join(name.split(".")[:2])


def circle(package: Path, of: Callable[[str], str] = str) -> list[str]:
    """The modules, or what `of` makes of them, in a circle of imports, the first once more; empty without one."""
    known, edges = modules(package), defaultdict(set)
    for name, path in known.items():
        edges[of(name)] |= {of(other) for other in imported(path, known)} - {of(name), package.name}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_the_package_has_no_circle_of_imports():
    found = circle(Path(uqgen.__file__).parent)
    assert not found, "a circle of imports: " + " <- ".join(found)


def test_the_packages_within_have_none_either():
    found = circle(Path(uqgen.__file__).parent, of=top_level)
    assert not found, "a circle of packages: " + " <- ".join(found)


def test_no_family_of_generators_imports_another():
    known = modules(Path(uqgen.__file__).parent)
    families = {"uqgen.generators.gan", "uqgen.generators.flow"}
    for family in families:
        others = tuple(f"{other}." for other in families - {family})
        found = {m for name in known if name.startswith(f"{family}.") for m in imported(known[name], known)}
        assert not {name for name in found if name.startswith(others)}


@pytest.mark.parametrize(
    "back",
    [
        "from program.a import x",
        "import program.a",
        "from program import a",
        "if TYPE_CHECKING:\n    from program.a import X",
        "def f():\n    from program.a import x",
    ],
)
def test_a_circle_is_found_however_it_is_hidden(tmp_path, back):
    package = tmp_path / "program"
    (package / "parts").mkdir(parents=True)
    files = {"__init__": "", "a": "from program.parts import b", "parts/__init__": "", "parts/b": "import os"}
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    assert circle(package) == []
    (package / "parts" / "b.py").write_text(back)
    assert set(circle(package)) == {"program.a", "program.parts.b"}
    assert set(circle(package, of=top_level)) == {"program.a", "program.parts"}
