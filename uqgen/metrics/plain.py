"""Results as plain values, as JSON holds them, and what is found in them by its path."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from uqgen.run_folder import Plain


def as_plain(result: Any) -> Any:
    """Plain values for JSON: dataclasses become dicts, tuples lists, and what JSON lacks, NaN and infinities, None.

    Args:
        result: a dataclass, dict, list or tuple of such, down to strings, numbers, booleans and None.
    """
    if is_dataclass(result):
        return {field.name: as_plain(getattr(result, field.name)) for field in fields(result)}
    if isinstance(result, dict):
        return {key: as_plain(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [as_plain(value) for value in result]
    return None if isinstance(result, float) and not math.isfinite(result) else result


@dataclass(frozen=True)
class Found:
    """What stands at a path.

    Attributes:
        key: the path, with names in place of its stars.
        stars: these names.
        node: what stands there; None where nothing does.
        beside: what stands around it, by name.
    """

    key: str
    stars: tuple[str, ...]
    node: Any
    beside: Plain

    @property
    def value(self) -> float:
        """The number, an estimate's without its interval; NaN where there is none."""
        node = self.node.get("value") if isinstance(self.node, dict) else self.node
        return math.nan if node is None else float(node)


def find_at(results: Plain, path: str) -> Iterator[Found]:
    """Everything that stands at a path.

    Args:
        results: plain values.
        path: such as ``judges/uniform/*/pearson``; a star stands for each of several, by name, the strength of
            guidance, or the position in a list. Without one there is exactly one find.
    """
    return _find(results, path.split("/"), (), ())


def _find(node: Any, path: Sequence[str], keys: tuple[str, ...], stars: tuple[str, ...]) -> Iterator[Found]:
    children = _children(node)
    name, *rest = path
    for key in children if name == "*" else [name]:
        child, ours, of_stars = children.get(key), (*keys, key), (*stars, key) if name == "*" else stars
        if rest:
            yield from _find(child, rest, ours, of_stars)
        else:
            yield Found("/".join(ours), of_stars, child, children)


def _children(node: Any) -> Plain:
    if isinstance(node, list):
        return {_name(child, number): child for number, child in enumerate(node)}
    return node if isinstance(node, dict) else {}


def _name(child: Any, number: int) -> str:
    return f"{child['strength']:g}" if isinstance(child, dict) and "strength" in child else str(number)
